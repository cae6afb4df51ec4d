import type { Key, Token } from 'path-to-regexp';
import { invalidPattern } from './invalid-pattern.ts';
import { parsePattern } from './parse-pattern.ts';
import { type FlatToken, type Segment, toSegment } from './segment.ts';

/**
 * Which paths a route takes: a string of path-to-regexp 9 (`/users/:id`, `/files/*path`, `/report{.:format}`), a
 * `RegExp` that matches the whole path and whose named groups are the params, or `null` for every path.
 */
export type RoutePattern = string | RegExp | null;

/** One of the forms that the optional groups of a pattern leave. */
export interface PatternVariant {
  readonly segments: readonly Segment[];
  readonly keys: readonly Key[];
  /** The pattern without the names of its params: equal for variants that match the same paths. */
  readonly shape: string;
  /** Only told apart with `strictSlashes`. */
  readonly endsInSlash: boolean;
}

/** Six optional groups in a row; a pattern with more is several routes in one. */
const MAX_VARIANTS = 64;

/**
 * All variants of a string pattern behind a prefix; of those with one shape only the first, as path-to-regexp would
 * try them.
 *
 * @throws {ConfigError} naming `route` and the remedy
 */
export function expandPattern(pattern: string, prefix: string, strictSlashes: boolean, route: string): readonly PatternVariant[] {
  const tokens = parsePattern(pattern, route);
  assertLeadingSlash(tokens, pattern, 'pattern', route);
  const before = parsePrefix(prefix, route);
  const joined = before.length > 0 && pattern === '/' ? before : [...before, ...tokens];
  assertNamesOnce(joined, route);
  const variants = new Map<string, PatternVariant>();
  for (const flat of expand(joined, route)) {
    const variant = toVariant(flat, strictSlashes, route);
    if (!variants.has(variant.shape)) variants.set(variant.shape, variant);
  }
  return [...variants.values()];
}

/**
 * The text of a prefix without params and groups, in canonical form; `undefined` where it has some.
 *
 * @throws {ConfigError} naming `route` and the remedy
 */
export function toStaticPrefix(prefix: string, route: string): string | undefined {
  const tokens = parsePrefix(prefix, route);
  if (tokens.some((token) => token.type !== 'text')) return undefined;
  return tokens.map((token) => (token.type === 'text' ? token.value : '')).join('');
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
      throw invalidPattern(route, `the prefix '${prefix}' holds a wildcard; write the wildcard in the routes behind it.`);
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

function assertNamesOnce(tokens: readonly Token[], route: string, seen: Set<string> = new Set()): void {
  for (const token of tokens) {
    if (token.type === 'group') assertNamesOnce(token.tokens, route, seen);
    if (token.type !== 'param' && token.type !== 'wildcard') continue;
    if (seen.has(token.name)) throw invalidPattern(route, `the name '${token.name}' stands for two params; give each its own.`);
    seen.add(token.name);
  }
}

/** In the order in which path-to-regexp tries them: with a group before without it. */
function expand(tokens: readonly Token[], route: string): readonly (readonly FlatToken[])[] {
  let variants: readonly (readonly FlatToken[])[] = [[]];
  for (const token of tokens) {
    if (token.type === 'group') {
      const inner = expand(token.tokens, route);
      variants = variants.flatMap((variant) => [...inner.map((flat) => [...variant, ...flat]), variant]);
    } else {
      variants = variants.map((variant) => [...variant, token]);
    }
    if (variants.length > MAX_VARIANTS) {
      throw invalidPattern(route, `its optional groups make more than ${MAX_VARIANTS} patterns; register several routes instead.`);
    }
  }
  return variants;
}

function toVariant(tokens: readonly FlatToken[], strictSlashes: boolean, route: string): PatternVariant {
  assertTextBetween(tokens, route);
  const parts = splitAtSlashes(tokens);
  const endsInSlash = parts.length > 1 && parts.at(-1)?.length === 0;
  if (endsInSlash) parts.pop();
  const segments = parts.map(toSegment);
  assertPossible(segments, route);
  const isStrict = strictSlashes && endsInSlash;
  return {
    segments,
    keys: tokens.filter((token) => token.type !== 'text'),
    shape: segments.map((segment) => `/${segment.shape}`).join('') + (isStrict ? '/' : ''),
    endsInSlash: isStrict,
  };
}

function assertTextBetween(tokens: readonly FlatToken[], route: string): void {
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (next === undefined || token.type === 'text' || next.type === 'text') continue;
    throw invalidPattern(route, `nothing tells where '${token.name}' ends and '${next.name}' begins; put text between them.`);
  }
}

/** What stands between the slashes, neighbouring texts joined; the empty text before the first slash is left out. */
function splitAtSlashes(tokens: readonly FlatToken[]): FlatToken[][] {
  const parts: FlatToken[][] = [];
  let part: FlatToken[] = [];
  for (const token of tokens) {
    if (token.type !== 'text') {
      part.push(token);
      continue;
    }
    const [text = '', ...others] = token.value.split('/');
    addText(part, text);
    for (const other of others) {
      parts.push(part);
      part = [];
      addText(part, other);
    }
  }
  parts.push(part);
  return parts.length === 1 ? parts : parts.slice(1);
}

function addText(part: FlatToken[], text: string): void {
  if (text === '') return;
  const last = part.at(-1);
  if (last?.type === 'text') part[part.length - 1] = { type: 'text', value: last.value + text };
  else part.push({ type: 'text', value: text });
}

/** Refuses what no path can match: such targets are answered with 400 before they are routed. */
function assertPossible(segments: readonly Segment[], route: string): void {
  if (segments.length > 1 && segments[0]?.shape === '') {
    throw invalidPattern(route, 'it begins with two slashes, which no path does; write one.');
  }
  for (const { shape } of segments) {
    if (shape === '.' || shape === '..') throw invalidPattern(route, `no path holds the segment '${shape}'; leave it out.`);
  }
}

