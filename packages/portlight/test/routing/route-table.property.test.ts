import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigError } from '../../src/errors/config-error.ts';
import { RouteTable } from '../../src/routing/route-table.ts';
import {
  allowedNaively,
  isValidVariant,
  matchNaively,
  type NaiveRoute,
  normalShapeOf,
  type Piece,
  toPatternString,
  variantsOf,
} from './naive-router.ts';

/** `PORTLIGHT_LONG=1` runs a million pairs of a table and a path, and begins where chance wills. */
const isLong = process.env['PORTLIGHT_LONG'] === '1';
const TABLES = isLong ? 50_000 : 150;
const PATHS_PER_TABLE = 20;

const METHODS = ['GET', 'POST', 'HEAD', null] as const;
const TEXTS = ['a', 'b', 'ab', 'a-', '-', '.', '.a', 'é', '100%25'];
const VALUES = [
  'a',
  'b',
  'ab',
  'c',
  '-',
  '--',
  'a-b',
  'b.a',
  '.',
  'a.b.a',
  '',
  'x%2Fy',
  '%25',
  'é',
  'a/b',
  'x/',
  '/y',
  'a-/-b',
];

const text = fc.constantFrom(...TEXTS).map((value): Piece => ({ kind: 'text', text: value }));
const param = fc.constant<Piece>({ kind: 'param', name: '' });
const wildcard = fc.constant<Piece>({ kind: 'wildcard', name: '' });
const slash: Piece = { kind: 'text', text: '/' };

const optionalPart = fc
  .tuple(text, fc.option(fc.oneof(param, wildcard), { nil: undefined, freq: 2 }))
  .map(([before, key]): Piece => ({ kind: 'group', pieces: key === undefined ? [before] : [before, key] }));

const segment: fc.Arbitrary<Piece[]> = fc.oneof(
  { weight: 5, arbitrary: text.map((piece) => [piece]) },
  { weight: 5, arbitrary: param.map((piece) => [piece]) },
  { weight: 2, arbitrary: wildcard.map((piece) => [piece]) },
  { weight: 1, arbitrary: fc.constant<Piece[]>([]) },
  {
    weight: 4,
    arbitrary: fc.array(
      fc.oneof({ weight: 4, arbitrary: text }, { weight: 5, arbitrary: param }, { weight: 1, arbitrary: wildcard }),
      { minLength: 2, maxLength: 5 },
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.oneof(text, param), optionalPart, fc.option(text, { nil: undefined }))
      .map(([first, group, last]) => [first, group, ...(last === undefined ? [] : [last])]),
  },
);

const slashedSegment = segment.map((pieces): Piece[] => [slash, ...pieces]);

const optionalSegment = fc
  .tuple(slashedSegment, fc.option(slashedSegment, { nil: undefined, freq: 4 }))
  .map(([outer, inner]): Piece[] => [
    { kind: 'group', pieces: inner === undefined ? outer : [...outer, { kind: 'group', pieces: inner }] },
  ]);

const pieces = fc
  .tuple(
    fc.array(fc.oneof({ weight: 5, arbitrary: slashedSegment }, { weight: 1, arbitrary: optionalSegment }), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.boolean(),
  )
  .map(([segments, endsInSlash]) => withNames([...segments.flat(), ...(endsInSlash ? [slash] : [])]));

const EXPRESSIONS = [/\/a(?<tail>\/.*)?/, /\/(?<one>[^/]+)\/b|\/-(?<two>.*)/i, /\/.*/s];

type Registration = Omit<NaiveRoute, 'target'>;

const registration: fc.Arbitrary<Registration> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      method: fc.constantFrom(...METHODS),
      pieces,
      expression: fc.constant(null),
      prefix: fc.constant(''),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      method: fc.constantFrom(...METHODS),
      pieces: fc.constant(undefined),
      expression: fc.constantFrom(...EXPRESSIONS, null),
      prefix: fc.constantFrom('', '', '/a'),
    }),
  },
);

interface Recipe {
  readonly route: number;
  readonly variant: number;
  readonly values: readonly string[];
  readonly ending: string;
}

const recipe: fc.Arbitrary<Recipe> = fc.record({
  route: fc.nat(1000),
  variant: fc.nat(1000),
  values: fc.array(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 5 }),
  ending: fc.constantFrom('', '', '', '/', '/a', '//'),
});

test(
  'finds what a naive router finds',
  () => {
    fc.assert(
      fc.property(
        fc.array(registration, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        fc.array(fc.tuple(fc.constantFrom('GET', 'POST', 'HEAD', 'PUT'), recipe), {
          minLength: PATHS_PER_TABLE,
          maxLength: PATHS_PER_TABLE,
        }),
        (registrations, strictSlashes, requests) => {
          const table = new RouteTable<number>({ strictSlashes });
          const routes = addAll(table, registrations, strictSlashes);
          expect(table.size).toBe(routes.length);
          for (const [method, each] of requests) {
            const path = toPath(each, registrations);
            expect({ method, path, ...simplify(table.match(method, path)) }).toEqual({
              method,
              path,
              ...simplify(matchNaively(routes, method, path, strictSlashes)),
            });
            const allowed = table.allowed(path);
            const expected = allowedNaively(routes, path, strictSlashes);
            expect({ path, methods: allowed?.methods }).toEqual({ path, methods: expected?.methods });
            if (allowed !== undefined) expect(expected?.targets).toContain(allowed.target);
          }
        },
      ),
      { numRuns: TABLES, ...(isLong ? {} : { seed: 20_240 }) },
    );
  },
  isLong ? 3_600_000 : 60_000,
);

/** Adds what is valid to both, and checks that the table refuses the rest. */
function addAll(table: RouteTable<number>, registrations: readonly Registration[], isStrict: boolean): NaiveRoute[] {
  const routes: NaiveRoute[] = [];
  const taken = new Set<string>();
  for (const [target, each] of registrations.entries()) {
    const variants = each.pieces === undefined ? [] : variantsOf(each.pieces);
    const shapes =
      each.pieces === undefined
        ? [`${each.method} ${each.prefix} ${String(each.expression)}`]
        : variants.map((variant) => `${each.method} ${normalShapeOf(variant, isStrict)}`);
    const isValid =
      variants.length <= 64 && variants.every(isValidVariant) && !shapes.some((shape) => taken.has(shape));
    const pattern = each.pieces === undefined ? each.expression : toPatternString(each.pieces);
    const add = (): void => table.add(each.method, pattern, target, each.prefix);
    if (isValid) {
      add();
      routes.push({ ...each, target });
      for (const shape of shapes) taken.add(shape);
    } else {
      expect(add).toThrow(ConfigError);
    }
  }
  return routes;
}

/** A path that one of the patterns perhaps matches, its params filled in; never one that begins with two slashes. */
function toPath(each: Recipe, registrations: readonly Registration[]): string {
  const { pieces = [slash, { kind: 'param', name: 'any' }] } = registrations[
    each.route % registrations.length
  ] as Registration;
  const variants = variantsOf(pieces);
  const variant = variants[each.variant % variants.length] ?? [];
  let place = 0;
  const filled = variant
    .map((piece) => (piece.kind === 'text' ? piece.text : each.values[place++ % each.values.length]))
    .join('');
  return `/${filled}${each.ending}`.replace(/^\/+/, '/');
}

function withNames(unnamed: readonly Piece[], next: { value: number } = { value: 0 }): Piece[] {
  return unnamed.map((piece) => {
    if (piece.kind === 'text') return piece;
    if (piece.kind === 'group') return { kind: 'group', pieces: withNames(piece.pieces, next) };
    next.value += 1;
    return { kind: piece.kind, name: `p${next.value}` };
  });
}

function simplify(found: { readonly target: number; readonly params: object } | undefined): object | undefined {
  return found === undefined ? undefined : { target: found.target, params: { ...found.params } };
}
