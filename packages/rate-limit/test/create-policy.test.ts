import { describe, expect, test } from 'vitest';
import { createPolicy, type PolicyOptions } from '../src/index.ts';

describe('a policy', () => {
  test('has defaults, and its window in ms', () => {
    expect(createPolicy({ max: 100, windowSeconds: 60 })).toEqual({
      name: 'default',
      max: 100,
      windowMs: 60_000,
      algorithm: 'sliding-window',
    });
    expect(createPolicy({ max: 1, windowSeconds: 1, name: undefined, algorithm: undefined })).toEqual({
      name: 'default',
      max: 1,
      windowMs: 1_000,
      algorithm: 'sliding-window',
    });
  });

  test('takes what lies on the edges', () => {
    const name = `"\\ ~${'x'.repeat(60)}`;
    expect(createPolicy({ name, max: 1_000_000_000, windowSeconds: 2_678_400, algorithm: 'token-bucket' })).toEqual({
      name,
      max: 1_000_000_000,
      windowMs: 2_678_400_000,
      algorithm: 'token-bucket',
    });
  });

  test('cannot be changed', () => {
    expect(Object.isFrozen(createPolicy({ max: 1, windowSeconds: 1 }))).toBe(true);
  });

  test.each<[option: string, value: unknown, error: typeof RangeError | typeof TypeError, range: string]>([
    ['max', 0, RangeError, '1 to 1,000,000,000'],
    ['max', -1, RangeError, '1 to 1,000,000,000'],
    ['max', 1.5, RangeError, 'whole number'],
    ['max', Number.NaN, RangeError, 'whole number'],
    ['max', Number.POSITIVE_INFINITY, RangeError, 'whole number'],
    ['max', 1_000_000_001, RangeError, '1 to 1,000,000,000'],
    ['max', '100', TypeError, 'whole number'],
    ['max', 100n, TypeError, 'whole number'],
    ['max', undefined, TypeError, 'whole number'],
    ['windowSeconds', 0, RangeError, '1 to 2,678,400'],
    ['windowSeconds', 0.5, RangeError, 'whole number of seconds'],
    ['windowSeconds', 60_000_000, RangeError, '31 days'],
    ['windowSeconds', null, TypeError, 'whole number of seconds'],
    ['name', '', RangeError, '1 to 64 characters'],
    ['name', 'x'.repeat(65), RangeError, '1 to 64 characters'],
    ['name', 'grün', RangeError, 'printable ASCII'],
    ['name', 'a\r\nset-cookie: b', RangeError, 'printable ASCII'],
    ['name', 7, TypeError, 'printable ASCII'],
    ['algorithm', 'fixed-window', RangeError, "'sliding-window' or 'token-bucket'"],
    ['algorithm', null, TypeError, "'sliding-window' or 'token-bucket'"],
  ])('refuses %s: %o', (option, value, error, range) => {
    const options = { max: 1, windowSeconds: 1, [option]: value } as PolicyOptions;
    expect(() => createPolicy(options)).toThrow(error);
    expect(() => createPolicy(options)).toThrow(expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }));
    expect(() => createPolicy(options)).toThrow(`Invalid option ${option}: it must be `);
    expect(() => createPolicy(options)).toThrow(range);
  });

  test('says what was given, and not all of it where it is long', () => {
    expect(() => createPolicy({ max: -3, windowSeconds: 1 })).toThrow('not -3.');
    expect(() => createPolicy({ max: 1, windowSeconds: 1, name: 'x'.repeat(100_000) })).toThrow(/^.{0,300}$/);
  });
});
