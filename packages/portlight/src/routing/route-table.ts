import { types } from 'node:util';
import { ConfigError } from '../errors/config-error.ts';
import { describeRoute } from './describe-route.ts';
import { Endpoint } from './endpoint.ts';
import { invalidPattern } from './invalid-pattern.ts';
import { type ExpressionRoute, MethodRoutes } from './method-routes.ts';
import { PathExpression } from './path-expression.ts';
import { expandPattern, type RoutePattern, toStaticPrefix } from './pattern.ts';
import type { RouteMatch } from './route-match.ts';
import { compareShapes } from './shape.ts';

export type { RouteMatch } from './route-match.ts';

/** What a path that is known takes. */
export interface AllowedMethods<Target> {
  /** Sorted, `HEAD` with every `GET`; a route for any method takes all that the table names. */
  readonly methods: readonly string[];
  /** Of the most specific route among those that take the path. */
  readonly target: Target;
}

const SLASH = 0x2f;

/**
 * Finds the route for a method and a path, by specificity and not by order: static over param over wildcard, segment
 * by segment, and only then a `RegExp` or `null` in the order of registration.
 *
 * Paths are those of `canonicalPath`; anything that does not begin with a slash (`OPTIONS *`) is no path, and no route
 * takes it. What a route leads to is the caller's affair.
 *
 * @example
 * const table = new RouteTable<string>();
 * table.add('GET', '/users/:id', 'one user');
 * table.match('GET', '/users/7'); // { target: 'one user', params: { id: '7' } }
 */
export class RouteTable<Target> {
  readonly #strictSlashes: boolean;
  readonly #byMethod: Map<string, MethodRoutes<Target>> = new Map();
  /** For methods that no route names. */
  readonly #any: MethodRoutes<Target>;
  /** The routes for any method, for methods that come later. */
  readonly #anyRoutes: (Endpoint<Target> | ExpressionRoute<Target>)[] = [];
  /** The names of all routes, by method and shape. */
  readonly #names: Map<string | null, Map<string, string>> = new Map();
  #size = 0;

  /** With `strictSlashes` a trailing slash of a path is no longer optional: `/users` and `/users/` are two paths. */
  constructor(options: { readonly strictSlashes?: boolean } = {}) {
    this.#strictSlashes = options.strictSlashes ?? false;
    this.#any = new MethodRoutes(this.#strictSlashes);
  }

  /** How many routes were added. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a route; a method of `null` is any method. The prefix is `''` or the part of the pattern that a group of
   * routes has in common.
   *
   * @throws {ConfigError} when the pattern is not valid or the route is there already; nothing is added then
   */
  add(method: string | null, pattern: RoutePattern, target: Target, prefix: string = ''): void {
    const route = describeRoute(method, pattern, prefix);
    const entries =
      typeof pattern === 'string'
        ? expandPattern(pattern, prefix, this.#strictSlashes, route).map(
            (variant) => new Endpoint(variant, target, method === null),
          )
        : [{ expression: toExpression(pattern, prefix, route), target, isAny: method === null, order: this.#size }];
    this.#claim(method, entries.map(keyOf), route);
    const tables = method === null ? [this.#any, ...this.#tablesWithAny()] : [this.#routesOf(method)];
    for (const entry of entries) {
      if (method === null) this.#anyRoutes.push(entry);
      for (const table of tables) addTo(table, entry);
    }
    this.#size += 1;
  }

  /**
   * `HEAD` falls back to `GET` where no route was made for it; one for any method is no more made for `HEAD` than for
   * `GET`.
   */
  match(method: string, path: string): RouteMatch<Target> | undefined {
    if (path.charCodeAt(0) !== SLASH) return undefined;
    if (method === 'HEAD') return this.#byMethod.get('HEAD')?.match(path) ?? this.match('GET', path);
    return (this.#byMethod.get(method) ?? this.#any).match(path);
  }

  /** What routes of any kind take the path for, or `undefined` where none does: for 405 and for `OPTIONS`. */
  allowed(path: string): AllowedMethods<Target> | undefined {
    if (path.charCodeAt(0) !== SLASH) return undefined;
    const methods = [...this.#byMethod.keys()].filter((method) => this.match(method, path) !== undefined);
    const target = this.#mostSpecific(path);
    return target === undefined ? undefined : { methods: withHead(methods), target: target.target };
  }

  /** All methods that routes name, sorted, `HEAD` with `GET`: for `OPTIONS *` (RFC 9110 §9.3.7). */
  methods(): readonly string[] {
    return withHead([...this.#byMethod.keys()]);
  }

  #mostSpecific(path: string): { readonly target: Target } | undefined {
    const tables = [this.#any, ...this.#byMethod.values()];
    const endpoints = tables.map((routes) => routes.find(path)).filter((endpoint) => endpoint !== null);
    const [endpoint] = endpoints.sort(
      (a, b) => compareShapes(a.shape, b.shape) || Number(b.endsInSlash) - Number(a.endsInSlash),
    );
    if (endpoint !== undefined) return endpoint;
    const expressions = tables.map((routes) => routes.findExpression(path)).filter((route) => route !== undefined);
    return expressions.sort((a, b) => a.order - b.order)[0];
  }

  #claim(method: string | null, shapes: readonly string[], route: string): void {
    const names = this.#names.get(method) ?? new Map<string, string>();
    for (const shape of shapes) {
      const other = names.get(shape);
      if (other === undefined) continue;
      throw new ConfigError(
        `${route} takes the same paths as ${other}, which is there already; remove one of them.`,
        'ERR_PORTLIGHT_DUPLICATE_ROUTE',
      );
    }
    for (const shape of shapes) names.set(shape, route);
    this.#names.set(method, names);
  }

  /** Those of HEAD hold no routes for any method: GET has them, beside its own that may be more specific. */
  #tablesWithAny(): MethodRoutes<Target>[] {
    return [...this.#byMethod].filter(([method]) => method !== 'HEAD').map(([, routes]) => routes);
  }

  #routesOf(method: string): MethodRoutes<Target> {
    const known = this.#byMethod.get(method);
    if (known !== undefined) return known;
    const routes = new MethodRoutes<Target>(this.#strictSlashes);
    if (method !== 'HEAD') for (const entry of this.#anyRoutes) addTo(routes, entry);
    this.#byMethod.set(method, routes);
    return routes;
  }
}

function toExpression(pattern: unknown, prefix: string, route: string): PathExpression {
  if (pattern !== null && !types.isRegExp(pattern)) {
    throw invalidPattern(
      route,
      `a pattern is a string, a RegExp or null, not ${pattern === undefined ? 'undefined' : `a ${typeof pattern}`}.`,
    );
  }
  const before = toStaticPrefix(prefix, route);
  if (before !== undefined) return new PathExpression(pattern, before);
  const remedy = pattern === null ? `'/*rest' and '/'` : 'a string pattern';
  throw invalidPattern(
    route,
    `behind the prefix '${prefix}', which has params or groups, ${String(pattern)} cannot stand; write ${remedy} instead.`,
  );
}

function keyOf<Target>(entry: Endpoint<Target> | ExpressionRoute<Target>): string {
  return entry instanceof Endpoint ? entry.key : entry.expression.shape;
}

function addTo<Target>(routes: MethodRoutes<Target>, entry: Endpoint<Target> | ExpressionRoute<Target>): void {
  if (entry instanceof Endpoint) routes.add(entry);
  else routes.addExpression(entry);
}

function withHead(methods: string[]): readonly string[] {
  const names = new Set(methods);
  if (names.has('GET')) names.add('HEAD');
  return [...names].sort();
}
