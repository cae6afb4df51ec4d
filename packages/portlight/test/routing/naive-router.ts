import { match } from 'path-to-regexp';

/** A pattern as the generator builds it: its optional groups are known without parsing a string. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param' | 'wildcard'; readonly name: string }
  | { readonly kind: 'group'; readonly pieces: readonly Piece[] };

export type FlatPiece = Exclude<Piece, { kind: 'group' }>;

export interface NaiveRoute {
  readonly method: string | null;
  /** The pattern, where it is a string; its prefix is part of it. */
  readonly pieces: readonly Piece[] | undefined;
  /** The pattern, where it is none. */
  readonly expression: RegExp | null;
  /** Of the expression. */
  readonly prefix: string;
  readonly target: number;
}

export interface NaiveMatch {
  readonly target: number;
  readonly params: Record<string, string | string[]>;
}

interface Candidate extends NaiveMatch {
  readonly isAny: boolean;
  /** Whether the pattern has the slash at the end of the path, where that counts. */
  readonly hasSlash: boolean;
  readonly segments: readonly Segment[];
}

interface Segment {
  readonly level: number;
  readonly shape: string;
  readonly textLength: number;
  readonly leadLength: number;
}

export function toPatternString(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => {
      if (piece.kind === 'text') return piece.text;
      if (piece.kind === 'group') return `{${toPatternString(piece.pieces)}}`;
      return `${piece.kind === 'param' ? ':' : '*'}"${piece.name}"`;
    })
    .join('');
}

export function variantsOf([first, ...rest]: readonly Piece[]): FlatPiece[][] {
  if (first === undefined) return [[]];
  const after = variantsOf(rest);
  if (first.kind !== 'group') return after.map((variant) => [first, ...variant]);
  return [...variantsOf(first.pieces).flatMap((inner) => after.map((variant) => [...inner, ...variant])), ...after];
}

/** What path-to-regexp and canonical paths leave as a pattern. */
export function isValidVariant(variant: readonly FlatPiece[]): boolean {
  const shape = shapeOf(variant);
  return (
    !/[\u0001\u0002]{2}/.test(shape) &&
    !shape.startsWith('//') &&
    !shape.split('/').some((text) => text === '.' || text === '..')
  );
}

/** Equal for variants that match the same paths. */
export function normalShapeOf(variant: readonly FlatPiece[], isStrict: boolean): string {
  const shape = shapeOf(variant) || '/';
  return isStrict || shape === '/' ? shape : shape.replace(/\/$/, '');
}

/** Matches a path against every route with path-to-regexp itself, and picks from all that match. */
export function matchNaively(
  routes: readonly NaiveRoute[],
  method: string,
  path: string,
  isStrict: boolean,
): NaiveMatch | undefined {
  const usable = routes.filter((route) => route.method === method || (route.method === null && method !== 'HEAD'));
  const candidates = usable.flatMap((route) => matchVariants(route, path, isStrict)).sort(compareCandidates);
  const found = candidates[0] ?? matchExpressions(usable, path);
  return found === undefined && method === 'HEAD' ? matchNaively(routes, 'GET', path, isStrict) : found;
}

/** The methods that take a path, and the target of the most specific route that takes it for whatever method. */
export function allowedNaively(
  routes: readonly NaiveRoute[],
  path: string,
  isStrict: boolean,
): { methods: string[]; targets: number[] } | undefined {
  const named = [...new Set(routes.map(({ method }) => method).filter((method) => method !== null))];
  const methods = named.filter((method) => matchNaively(routes, method, path, isStrict) !== undefined);
  const [best, ...others] = routes.flatMap((route) => matchVariants(route, path, isStrict)).sort(compareCandidates);
  const level = others.filter(
    (other) => best !== undefined && compareCandidates({ ...best, isAny: false }, { ...other, isAny: false }) === 0,
  );
  const expression =
    best === undefined
      ? routes.find((route) => route.pieces === undefined && matchExpression(route, path) !== undefined)
      : undefined;
  const targets = [best, ...level, expression].flatMap((found) => (found === undefined ? [] : [found.target]));
  if (targets.length === 0) return undefined;
  return { methods: [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].sort(), targets };
}

function matchVariants(route: NaiveRoute, path: string, isStrict: boolean): Candidate[] {
  if (route.pieces === undefined) return [];
  const isSlashed = path.length > 1 && path.endsWith('/');
  const trimmed = isSlashed ? path.slice(0, -1) : path;
  return variantsOf(route.pieces).flatMap((variant) => {
    const shape = shapeOf(variant) || '/';
    const endsInSlash = shape.length > 1 && shape.endsWith('/');
    if (isStrict && endsInSlash !== isSlashed && !(isSlashed && shape.endsWith('\u0002'))) return [];
    const params = matchVariant(endsInSlash ? withoutLastSlash(variant) : variant, trimmed);
    if (params === undefined) return [];
    const segments = (endsInSlash ? shape.slice(0, -1) : shape).slice(1).split('/').map(toSegment);
    return [
      { target: route.target, params, isAny: route.method === null, hasSlash: isStrict && endsInSlash, segments },
    ];
  });
}

function matchVariant(variant: readonly FlatPiece[], path: string): NaiveMatch['params'] | undefined {
  const text = toPatternString(variant) || '/';
  const found = match<Record<string, string>>(text, { sensitive: true, trailing: false, decode: false })(path);
  if (found === false) return undefined;
  return Object.fromEntries(
    Object.entries(found.params).map(([name, value]) => {
      const isWildcard = variant.some((piece) => piece.kind === 'wildcard' && piece.name === name);
      return [name, isWildcard ? (value ?? '').split('/').map(decodeURIComponent) : decodeURIComponent(value ?? '')];
    }),
  );
}

function withoutLastSlash(variant: readonly FlatPiece[]): FlatPiece[] {
  const last = variant.at(-1);
  return last?.kind === 'text'
    ? [...variant.slice(0, -1), { kind: 'text', text: last.text.slice(0, -1) }]
    : [...variant];
}

function shapeOf(variant: readonly FlatPiece[]): string {
  return variant
    .map((piece) => (piece.kind === 'text' ? piece.text : piece.kind === 'param' ? '\u0001' : '\u0002'))
    .join('');
}

/** "Within one segment static, then text with params (longer text first), then param, then wildcard." */
function toSegment(shape: string): Segment {
  const text = shape.replaceAll(/[\u0001\u0002]/g, '');
  const isWild = shape.includes('\u0002');
  const level = text === shape ? 1 : isWild ? (text === '' ? 5 : 4) : text === '' ? 3 : 2;
  return { level, shape, textLength: text.length, leadLength: shape.search(/[\u0001\u0002]/) };
}

function compareCandidates(a: Candidate, b: Candidate): number {
  for (let place = 0; place < Math.max(a.segments.length, b.segments.length); place += 1) {
    const one = a.segments[place];
    const two = b.segments[place];
    if (one === undefined) return 1;
    if (two === undefined) return -1;
    const order = one.level - two.level || two.textLength - one.textLength || two.leadLength - one.leadLength;
    if (order !== 0) return order;
    if (one.shape !== two.shape) return one.shape < two.shape ? -1 : 1;
  }
  return Number(b.hasSlash) - Number(a.hasSlash) || Number(a.isAny) - Number(b.isAny);
}

/** In order of registration, by the place of the first route with the same pattern; its own method goes first. */
function matchExpressions(routes: readonly NaiveRoute[], path: string): NaiveMatch | undefined {
  const expressions = routes.filter(({ pieces }) => pieces === undefined);
  const first = expressions.find((route) => matchExpression(route, path) !== undefined);
  if (first === undefined) return undefined;
  const same = expressions.filter(
    (route) => String(route.expression) === String(first.expression) && route.prefix === first.prefix,
  );
  const route = same.find(({ method }) => method !== null) ?? first;
  return { target: route.target, params: matchExpression(route, path) ?? {} };
}

function matchExpression({ expression, prefix }: NaiveRoute, path: string): NaiveMatch['params'] | undefined {
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined;
  if (expression === null) return {};
  const rest = path.slice(prefix.length) || '/';
  const { source, flags } = expression;
  const found = new RegExp(`^(?:${source})$`, flags).exec(rest);
  if (found === null) return undefined;
  return Object.fromEntries(
    Object.entries(found.groups ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, decodeURIComponent(value)]],
    ),
  );
}
