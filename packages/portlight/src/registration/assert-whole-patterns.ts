import { writeCall } from '../config/write-call.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { Scope } from '../handlers/scope.ts';
import type { Registrations } from '../planning/registrations.ts';
import { expandPattern, type RoutePattern } from '../routing/pattern.ts';
import { PARAM, WILDCARD } from '../routing/shape.ts';

/** The paths of a pattern as their segments, params and wildcards marked. */
type Shape = readonly string[];

interface ShapedRoute {
  readonly scope: Scope;
  readonly shapes: readonly Shape[];
}

/**
 * Refuses a middleware whose pattern was meant as a prefix: it would run for no route, although routes, or folders of
 * files, lie below it. A folder is below the path that it is at: nearly all of its files are.
 *
 * @throws {ConfigError}
 */
export function assertWholePatterns(registrations: Registrations): void {
  const patterned = registrations.scopes.flatMap((scope) =>
    scope.middleware.flatMap(({ pattern }) => (typeof pattern === 'string' ? [{ scope, pattern }] : [])),
  );
  if (patterned.length === 0) return;
  const routes = shapeRoutes(registrations);
  const folders = shapeFolders(registrations);
  for (const { scope, pattern } of patterned) {
    const shapes = shapesOf(pattern, scope.prefix);
    if (shapes.some((shape) => shape.some(isWild))) continue;
    if (shapes.some((shape) => routes.some((route) => route.shapes.some((other) => mayMatch(other, shape))))) continue;
    const hasBelow = (all: readonly ShapedRoute[]): boolean => all.some((each) => liesBelowOneOf(each, shapes, scope));
    if (hasBelow(routes)) throw new ConfigError(explain(pattern, 'routes'));
    if (hasBelow(folders)) throw new ConfigError(explain(pattern, 'files'));
  }
}

function explain(pattern: string, below: 'routes' | 'files'): string {
  const call = `${writeCall('use', pattern).slice(0, -1)}, …)`;
  const all = pattern === '/' ? 'use(…)' : `use('${pattern.replace(/\/$/, '')}{/*rest}', …)`;
  const option = below === 'files' ? ', or give the option use to files' : '';
  return `${call} is for a whole path, at which no route is, while ${below} lie below it; write ${all} for those${option}, or a RegExp for that path alone.`;
}

function shapeRoutes({ routes, channelRoutes, eventsRoutes }: Registrations): readonly ShapedRoute[] {
  return [...routes, ...channelRoutes, ...eventsRoutes].map(({ pattern, scope }) => ({
    scope,
    shapes: shapesOf(pattern, scope.prefix),
  }));
}

/** As routes that have all paths below the folders' own. */
function shapeFolders({ folders }: Registrations): readonly ShapedRoute[] {
  return folders.map(({ prefix, scope }) => ({
    scope,
    shapes: shapesOf(`${prefix === '/' ? '' : prefix}/*path`, scope.prefix),
  }));
}

/** None for `null` and a RegExp, whose paths nobody can name. */
function shapesOf(pattern: RoutePattern, prefix: string): readonly Shape[] {
  if (typeof pattern !== 'string') return [];
  return expandPattern(pattern, prefix, false, 'use').map(({ shape }) => shape.split('/').slice(shape === '/' ? 2 : 1));
}

/** Whether a route may take a path that the middleware is for. A page for all that is nothing else does not count. */
function mayMatch(route: Shape, middleware: Shape): boolean {
  const wild = route.findIndex(isWild);
  if (wild === 0) return false;
  const count = wild === -1 ? route.length : wild;
  if (wild === -1 ? route.length !== middleware.length : middleware.length <= wild) return false;
  return middleware
    .slice(0, count)
    .every((segment, index) => segment === route[index] || hasParam(segment) || hasParam(route[index]));
}

/** Whether a route or folder of a router, or of one within it, lies below one of the paths of its middleware. */
function liesBelowOneOf(route: ShapedRoute, shapes: readonly Shape[], scope: Scope): boolean {
  return (
    route.scope.chain.includes(scope) && shapes.some((shape) => route.shapes.some((other) => liesBelow(other, shape)))
  );
}

function liesBelow(route: Shape, middleware: Shape): boolean {
  return route.length > middleware.length && middleware.every((segment, index) => segment === route[index]);
}

function isWild(segment: string): boolean {
  return segment.includes(WILDCARD);
}

function hasParam(segment: string | undefined): boolean {
  return segment?.includes(PARAM) === true;
}
