import { describe, expect, test } from 'vitest';
import { matchesStrongly, matchesWeakly } from '../../src/fields/entity-tag.ts';
import { cpuTimeMs } from '../support/cpu-time.ts';

describe('entity tags (RFC 9110 §8.8.3.2)', () => {
  test.each<[string, string, boolean, boolean]>([
    ['"1"', '"1"', true, true],
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', '"1"', false, true],
    ['"1"', 'W/"1"', false, true],
    ['"1"', '"2"', false, false],
    ['W/"1"', 'W/"2"', false, false],
    ['"0", "1"', '"1"', true, true],
    ['"0","1",W/"2"', '"2"', false, true],
    ['*', '"1"', true, true],
    [' * ', '"1"', true, true],
    ['""', '""', true, true],
    ['"a,b"', '"a,b"', true, true],
    ['"a,b"', '"a"', false, false],
    ['"A"', '"a"', false, false],
    ['1', '"1"', false, false],
    ['', '"1"', false, false],
    ['w/"1"', '"2"', false, false],
  ])('the field %s and the tag %s match strongly: %s, weakly: %s', (field, tag, strongly, weakly) => {
    expect([matchesStrongly(field, tag), matchesWeakly(field, tag)]).toEqual([strongly, weakly]);
  });

  test('of 16 KB that never end are read at once', () => {
    const startedAt = cpuTimeMs();
    for (const field of ['"'.repeat(16_384), 'W/'.repeat(8_192), 'W/"'.repeat(5_461), '",'.repeat(8_192)])
      expect(matchesWeakly(field, '"none"')).toBe(false);
    expect(cpuTimeMs() - startedAt).toBeLessThan(500);
  });
});
