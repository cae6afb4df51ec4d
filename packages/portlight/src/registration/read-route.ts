import { explainMethods, explainRoute } from '../config/explain-calls.ts';
import { parseRouteOptions, type RouteOptions } from '../config/route-options.ts';
import { isRecord } from '../config/write-call.ts';
import { ConfigError } from '../errors/config-error.ts';
import { isToken } from '../fields/header-syntax.ts';
import { createRateLimits } from '../guards/rate-limit.ts';

/** Writes a call with other arguments, as its sentence shall suggest it. */
export type CallWriter = (...args: readonly unknown[]) => string;

/**
 * What stands behind a pattern: options, or none, and a handler.
 *
 * @param name the route, as a sentence names it
 * @throws {ConfigError} which writes the right call
 */
export function readRoute(
  call: CallWriter,
  name: string,
  pattern: unknown,
  rest: readonly unknown[],
  isRouter: (value: unknown) => boolean,
): readonly [options: RouteOptions, handler: unknown] {
  const handler = rest.at(-1);
  const isRight =
    (rest.length === 1 || (rest.length === 2 && typeof rest[0] !== 'function' && !Array.isArray(rest[0]))) &&
    typeof handler === 'function';
  if (!isRight || typeof pattern === 'function' || isRecord(pattern))
    throw new ConfigError(explainRoute(call, name, pattern, rest, isRouter));
  return [rest.length === 1 ? {} : readOptions(rest[0], name), handler];
}

/** @throws {ConfigError} */
export function readOptions(given: unknown, name: string): RouteOptions {
  const options = parseRouteOptions(given, name);
  if (options.rateLimit !== undefined && options.rateLimit !== false) createRateLimits(options.rateLimit, name);
  return options;
}

/** @throws {ConfigError} */
export function parseMethods(methods: string): string[] {
  const names = typeof methods === 'string' ? methods.split('|') : [];
  if (names.length > 0 && names.every((name) => isToken(name) && name === name.toUpperCase()))
    return [...new Set(names)];
  throw new ConfigError(explainMethods(methods));
}
