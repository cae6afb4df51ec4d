import { describe, expect, test } from 'vitest';
import { isJson, parseContentType } from '../../src/fields/content-type.ts';
import { cpuTimeMs } from '../support/cpu-time.ts';

describe('parseContentType (RFC 9110 §8.3.1)', () => {
  test.each([
    ['text/plain', 'text/plain', {}],
    ['Text/PLAIN', 'text/plain', {}],
    ['application/json; charset=utf-8', 'application/json', { charset: 'utf-8' }],
    ['application/json;Charset="UTF-8"', 'application/json', { charset: 'UTF-8' }],
    ['application/vnd.api+json ; a=1; b="x y"', 'application/vnd.api+json', { a: '1', b: 'x y' }],
    ['multipart/form-data; boundary="a;b"', 'multipart/form-data', { boundary: 'a;b' }],
  ])('reads %j', (field, essence, parameters) => {
    const type = parseContentType(field);
    expect(type?.essence).toBe(essence);
    expect({ ...type?.parameters }).toEqual(parameters);
  });

  test.each(['', 'text', '/', 'text/', '/plain', 'text/plain/x', 'te xt/plain', 'text/plain, text/html', 'äpp/json'])(
    '%j is no media type',
    (field) => {
      expect(parseContentType(field)).toBe(undefined);
    },
  );

  test('keeps a parameter named __proto__ as plain data', () => {
    const parameters = parseContentType('a/b; __proto__=x')?.parameters;
    expect(parameters?.['__proto__']).toBe('x');
    expect('hasOwnProperty' in (parameters ?? {})).toBe(false);
  });

  test('reads 16 KB of blanks, quotes and semicolons without getting slow', () => {
    const before = cpuTimeMs();
    for (const hostile of [`a/b${' '.repeat(16_000)}x`, `a/b;${'; '.repeat(8_000)}`, `a/b; x="${'\\"'.repeat(8_000)}`])
      parseContentType(hostile);
    expect(cpuTimeMs() - before).toBeLessThan(1_000);
  });
});

describe('isJson', () => {
  test.each([
    ['application/json', true],
    ['application/problem+json', true],
    ['text/json', false],
    ['application/jsonx', false],
    ['text/plain', false],
  ])('%s: %s', (essence, expected) => {
    expect(isJson(essence)).toBe(expected);
  });
});
