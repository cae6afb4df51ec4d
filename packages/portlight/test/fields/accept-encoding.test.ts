import { describe, expect, test } from 'vitest';
import { preferredCodings } from '../../src/fields/accept-encoding.ts';
import { cpuTimeMs } from '../support/cpu-time.ts';

const OFFERED = ['br', 'gzip', 'identity'];

describe('an Accept-Encoding field (RFC 9110 §12.5.3)', () => {
  test.each<[string | undefined, readonly string[]]>([
    [undefined, []],
    ['br, gzip', ['br', 'gzip', 'identity']],
    ['gzip, br', ['br', 'gzip', 'identity']],
    ['gzip, deflate, br, zstd', ['br', 'gzip', 'identity']],
    ['gzip', ['gzip', 'identity']],
    ['GZIP', ['gzip', 'identity']],
    ['br;q=0.5, gzip', ['gzip', 'br', 'identity']],
    ['br;q=0, gzip', ['gzip', 'identity']],
    ['br;q=0.0, gzip;q=0.000', ['identity']],
    ['*', ['br', 'gzip', 'identity']],
    ['*;q=0', []],
    ['*;q=0, gzip', ['gzip']],
    ['gzip, *;q=0', ['gzip']],
    ['identity', ['identity']],
    ['identity, br;q=0.1', ['identity', 'br']],
    ['identity;q=0, gzip', ['gzip']],
    ['', ['identity']],
    ['zstd', ['identity']],
    ['br;q=2', ['br', 'identity']],
  ])('of %j takes %j', (field, codings) => {
    expect(preferredCodings(field, OFFERED)).toEqual(codings);
  });

  test.each([
    ',',
    ';;;',
    'gzip;q=',
    'gzip;q=x',
    '=',
    '\u0000',
    ' '.repeat(16_384),
    'gzip,'.repeat(3_000),
    'a;'.repeat(8_000),
    `gzip;${' '.repeat(16_000)}q`,
  ])('that is malformed never throws, and is read at once', (field) => {
    const startedAt = cpuTimeMs();
    const codings = preferredCodings(field, OFFERED);
    expect(cpuTimeMs() - startedAt).toBeLessThan(500);
    expect(OFFERED).toEqual(expect.arrayContaining([...codings]));
  });
});
