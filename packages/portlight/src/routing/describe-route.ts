import type { RoutePattern } from './pattern.ts';

/** A route as sentences name it: `GET /users/:id`, `all null behind '/api'`. A method of `null` is `all`. */
export function describeRoute(method: string | null, pattern: RoutePattern, prefix: string = ''): string {
  const verb = method ?? 'all';
  if (typeof pattern === 'string') return `${verb} ${joinPattern(prefix, pattern)}`;
  return prefix === '' || prefix === '/'
    ? `${verb} ${String(pattern)}`
    : `${verb} ${String(pattern)} behind '${prefix}'`;
}

/** The pattern of a route with its prefixes: `/users/:id`, `*` for every path, a RegExp as it is written. */
export function formatPattern(pattern: RoutePattern, prefix: string = ''): string {
  if (typeof pattern === 'string') return joinPattern(prefix, pattern);
  return `${prefix === '/' ? '' : prefix}${pattern === null ? '*' : String(pattern)}`;
}

/** `'/users'` and `'/'` are `'/users'`; a prefix of `'/'` is none. */
function joinPattern(prefix: string, pattern: string): string {
  if (prefix === '' || prefix === '/') return pattern;
  return pattern === '/' ? prefix : prefix + pattern;
}
