import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RouteTable } from '../../src/routing/route-table.ts';
import { cpuTimeMs } from '../support/cpu-time.ts';

/** Bounds are far above what is measured (most are below 1 ms), and far below what any backtracking would take. */
const BOUND_MS = 250;
const LENGTH = 16_384;

/** The longest of all matches of all patterns, each alone in a table, in milliseconds. */
function slowest(patterns: readonly string[], paths: readonly string[]): number {
  let longest = 0;
  for (const pattern of patterns) {
    const table = new RouteTable<string>();
    table.add('GET', pattern, pattern);
    for (const path of paths) {
      const start = cpuTimeMs();
      table.match('GET', path);
      table.allowed(path);
      longest = Math.max(longest, cpuTimeMs() - start);
    }
  }
  return longest;
}

function repeat(unit: string): string {
  return unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH);
}

const PATTERNS = [
  '/:a-:b',
  '/:a.:b/:c',
  '/:foo-:bar-',
  '/:a-:b-:c-:d',
  '/:a--:b--',
  '/:a-:b/x',
  '/*a',
  '/*a-*b-*c',
  '/*a-*b-*c/end',
  '/*a/x/*b',
  '/*a/*b/*c/*d',
  '/*a/:b/:c',
  '/*a/:b-:c',
  '/*a-:b.:c',
  '/*a-:b-:c/*d',
  '/*a.:b/:c-:d/*e',
  '/:a-*b',
  '/:a/*b/:c',
  '/*path/edit',
  '/*name.json',
  '/*a-/*b-',
  '/*a--*b--x',
  '/*"a"aab*"b"baa',
  '/*a-:b-:c-:d-:e-:f',
  '/*a/:b.:c/:d.:e/x',
];

const PATHS = ['a', '-', '--', 'a-', '-a', '/', '/-', '-/', '/a-', 'a/', '.', '-.', 'a.b-', '%25', 'aab', 'é'].flatMap(
  (unit) => [`/${repeat(unit)}`, `/${repeat(unit)}!`, `/${repeat(unit)}/`, `/a-${repeat(unit)}/x`],
);

describe('a hostile path is decided at once', () => {
  test.each(PATTERNS)('%s', (pattern) => {
    expect(slowest([pattern], PATHS)).toBeLessThan(BOUND_MS);
  });

  test('20,000 slashes, 200 segments, a param of 10 KB', () => {
    const patterns = ['/:a', '/*a', '/*a/b', `/${Array.from({ length: 200 }, (_, index) => `:p${index}`).join('/')}`];
    const paths = ['/'.repeat(20_000), `/a${'/'.repeat(20_000)}`, '/x'.repeat(200), `/${'x'.repeat(10_240)}`];
    expect(slowest(patterns, paths)).toBeLessThan(BOUND_MS);
  });

  test('behind many places to go back to', () => {
    const table = new RouteTable<string>();
    for (let bits = 0; bits < 1024; bits += 1) {
      const pattern = Array.from({ length: 10 }, (_, place) => ((bits >> place) & 1 ? '/a' : `/:p${place}`)).join('');
      table.add('GET', `${pattern}/end`, pattern);
    }
    const start = cpuTimeMs();
    expect(table.match('GET', `${'/a'.repeat(10)}/other`)).toBeUndefined();
    expect(cpuTimeMs() - start).toBeLessThan(BOUND_MS);
  });

  test('for a thousand patterns that begin and end alike', () => {
    const table = new RouteTable<string>();
    for (let index = 0; index < 1000; index += 1) {
      table.add('GET', `/:a-:b.t${index}`, '');
      table.add('GET', `/*a/t${index}/*b`, '');
      table.add('GET', `/*a/t${index}`, '');
    }
    const start = cpuTimeMs();
    for (const unit of ['-', 'a-', '/', '/t', 'x']) table.match('GET', `/${repeat(unit)}`);
    expect(cpuTimeMs() - start).toBeLessThan(20 * BOUND_MS);
  });

  test(
    'whatever the pattern and the path are made of',
    () => {
      const piece = fc.constantFrom('-', '.', 'a', '/', 'ab', '/x/');
      const key = fc.constantFrom(':', '*');
      const pattern = fc
        .array(fc.tuple(piece, key), { minLength: 1, maxLength: 7 })
        .map((parts) => `/x${parts.map(([text, sign], index) => `${text}${sign}"p${index}"`).join('')}`);
      const unit = fc
        .array(fc.constantFrom('-', '.', 'a', '/', 'b', 'x'), { minLength: 1, maxLength: 4 })
        .map((parts) => parts.join(''));
      fc.assert(
        fc.property(pattern, fc.constantFrom('', '/end', '-', '.a'), unit, unit, (front, end, before, after) => {
          expect(
            slowest([front + end], [`/x/${repeat(before).slice(LENGTH / 2)}${repeat(after).slice(LENGTH / 2)}!`]),
          ).toBeLessThan(BOUND_MS);
        }),
        {
          numRuns: process.env['PORTLIGHT_LONG'] === '1' ? 50_000 : 200,
          ...(process.env['PORTLIGHT_LONG'] === '1' ? {} : { seed: 16_384 }),
        },
      );
    },
    process.env['PORTLIGHT_LONG'] === '1' ? 3_600_000 : 60_000,
  );
});

describe('registration is bounded', () => {
  test('20 optional groups are refused at once', () => {
    const start = cpuTimeMs();
    const pattern = Array.from({ length: 20 }, (_, index) => `{/:p${index}}`).join('');
    expect(() => new RouteTable().add('GET', pattern, 1)).toThrow(/64 patterns/);
    expect(cpuTimeMs() - start).toBeLessThan(BOUND_MS);
  });
});
