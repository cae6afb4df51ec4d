import type { Key, Text, Token } from 'path-to-regexp';
import { invalidPattern } from './invalid-pattern.ts';
import { parsePattern } from './parse-pattern.ts';
import { PARAM, WILDCARD } from './shape.ts';

/**
 * Which paths a route takes: a string of path-to-regexp 9 (`/users/:id`, `/files/*path`, `/report{.:format}`), a
 * `RegExp` that matches the whole path and whose named groups are the params, or `null` for every path.
 */
export type RoutePattern = string | RegExp | null;

/** One of the forms that the optional groups of a pattern leave. */
export interface PatternVariant {
  /** Without a trailing slash, except for `/` itself. */
  readonly shape: string;
  /** Of its params and wildcards, in order. */
  readonly names: readonly string[];
  /** Whether a slash follows the shape, where that is told apart. */
  readonly endsInSlash: boolean;
}

type FlatToken = Text | Key;

/** Six optional groups in a row; a pattern with more is several routes in one. */
const MAX_VARIANTS = 64;
const DOT_SEGMENT = /\/(\.\.?)(?:\/|$)/;

/**
 * All variants of a string pattern behind a prefix. Of two with one shape the first counts, as for path-to-regexp.
 *
 * @throws {ConfigError} naming `route` and the remedy
 */
export function expandPattern(
  pattern: string,
  prefix: string,
  strictSlashes: boolean,
  route: string,
): readonly PatternVariant[] {
  const tokens = parsePattern(pattern, route);
  assertLeadingSlash(tokens, pattern, 'pattern', route);
  const before = parsePrefix(prefix, route);
  const joined = before.length === 0 ? tokens : pattern === '/' ? before : [...before, ...tokens];
  assertNamesOnce(joined, route);
  const variants = expand(joined, route).map((flat) => toVariant(flat, strictSlashes, route));
  return variants.length === 1 ? variants : withoutRepeats(variants);
}

/**
 * The text of a prefix without params and groups, in canonical form; `undefined` where it has some.
 *
 * @throws {ConfigError} naming `route` and the remedy
 */
export function toStaticPrefix(prefix: string, route: string): string | undefined {
  const [first, ...others] = parsePrefix(prefix, route);
  if (first === undefined) return '';
  return first.type === 'text' && others.length === 0 ? first.value : undefined;
}

function parsePrefix(prefix: string, route: string): readonly Token[] {
  if (prefix === '' || prefix === '/') return [];
  const tokens = parsePattern(prefix, route);
  assertLeadingSlash(tokens, prefix, 'prefix', route);
  for (const flat of expand(tokens, route)) {
    const last = flat.at(-1);
    if (last?.type === 'text' && last.value.endsWith('/')) {
      throw invalidPattern(route, `the prefix '${prefix}' ends in a slash; write '${prefix.replace(/\/+$/, '')}'.`);
    }
    if (flat.some((token) => token.type === 'wildcard')) {
      throw invalidPattern(
        route,
        `the prefix '${prefix}' holds a wildcard; write the wildcard in the routes behind it.`,
      );
    }
    toVariant(flat, false, route);
  }
  return tokens;
}

function assertLeadingSlash(tokens: readonly Token[], text: string, what: string, route: string): void {
  for (const [first] of expand(tokens, route)) {
    if (first === undefined ? text !== '' : first.type === 'text' && first.value.startsWith('/')) continue;
    throw invalidPattern(route, `the ${what} '${text}' must begin with a slash; write '/${text}'.`);
  }
}

function assertNamesOnce(tokens: readonly Token[], route: string, seen: string[] = []): void {
  for (const token of tokens) {
    if (token.type === 'group') assertNamesOnce(token.tokens, route, seen);
    if (token.type !== 'param' && token.type !== 'wildcard') continue;
    if (seen.includes(token.name))
      throw invalidPattern(route, `the name '${token.name}' stands for two params; give each its own.`);
    seen.push(token.name);
  }
}

/** In the order in which path-to-regexp tries them: with a group before without it. */
function expand(tokens: readonly Token[], route: string): readonly (readonly FlatToken[])[] {
  if (isFlat(tokens)) return [tokens];
  let variants: readonly (readonly FlatToken[])[] = [[]];
  for (const token of tokens) {
    if (token.type === 'group') {
      const inner = expand(token.tokens, route);
      variants = variants.flatMap((variant) => [...inner.map((flat) => [...variant, ...flat]), variant]);
    } else {
      variants = variants.map((variant) => [...variant, token]);
    }
    if (variants.length > MAX_VARIANTS) {
      throw invalidPattern(
        route,
        `its optional groups make more than ${MAX_VARIANTS} patterns; register several routes instead.`,
      );
    }
  }
  return variants;
}

function isFlat(tokens: readonly Token[]): tokens is readonly FlatToken[] {
  return tokens.every((token) => token.type !== 'group');
}

function toVariant(tokens: readonly FlatToken[], strictSlashes: boolean, route: string): PatternVariant {
  let shape = '';
  let key: Key | undefined;
  const names: string[] = [];
  for (const token of tokens) {
    if (token.type === 'text') {
      shape += token.value;
      key = undefined;
      continue;
    }
    if (key !== undefined) {
      throw invalidPattern(
        route,
        `nothing tells where '${key.name}' ends and '${token.name}' begins; put text between them.`,
      );
    }
    shape += token.type === 'param' ? PARAM : WILDCARD;
    key = token;
    names.push(token.name);
  }
  assertPossible(shape, route);
  const endsInSlash = shape.length > 1 && shape.endsWith('/');
  return {
    shape: endsInSlash ? shape.slice(0, -1) : shape === '' ? '/' : shape,
    names,
    endsInSlash: endsInSlash && strictSlashes,
  };
}

/** Refuses what no path can match: such targets are answered with 400 before they are routed. */
function assertPossible(shape: string, route: string): void {
  if (shape.startsWith('//')) throw invalidPattern(route, 'it begins with two slashes, which no path does; write one.');
  const dots = shape.includes('/.') ? DOT_SEGMENT.exec(shape)?.[1] : undefined;
  if (dots !== undefined) throw invalidPattern(route, `no path holds the segment '${dots}'; leave it out.`);
}

function withoutRepeats(variants: readonly PatternVariant[]): readonly PatternVariant[] {
  const seen = new Set<string>();
  return variants.filter(({ shape, endsInSlash }) => {
    const size = seen.size;
    return seen.add(endsInSlash ? `${shape}/` : shape).size > size;
  });
}
