import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../src/fields/http-date.ts';

describe('a date field (RFC 9110 §5.6.7)', () => {
  test('is read as it is written', () => {
    expect(formatHttpDate(784_111_777_000)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(784_111_777_000);
    expect(parseHttpDate(formatHttpDate(0))).toBe(0);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 253_402_300_799 }),
        (seconds) => parseHttpDate(formatHttpDate(seconds * 1_000)) === seconds * 1_000,
      ),
    );
  });

  test.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'is understood in each of its three forms (%s)',
    (field) => {
      expect(parseHttpDate(field)).toBe(784_111_777_000);
    },
  );

  test('has whole seconds', () => {
    expect(parseHttpDate(formatHttpDate(784_111_777_999))).toBe(784_111_777_000);
  });

  test.each([
    undefined,
    '',
    '0',
    '784111777000',
    '1994-11-06',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0100',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 GMT',
    'Sun-06-Nov-1994',
    'Sun, 06 Nov 1994 25:49:37 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 99 Nov 1994 08:49:37 GMT',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    'now',
  ])('%j is none', (field) => {
    expect(parseHttpDate(field)).toBe(undefined);
  });
});
