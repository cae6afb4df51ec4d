import type { Scope } from '../handlers/scope.ts';
import type { RoutePattern } from '../routing/pattern.ts';
import { RouteTable } from '../routing/route-table.ts';

/** What every kind of route has. */
interface Registered {
  readonly pattern: RoutePattern;
  readonly scope: Scope;
}

/** The routes of one kind that a router has, none of them twice. */
export class RouteList<Route extends Registered> {
  readonly #routes: Route[] = [];
  readonly #methodOf: (route: Route) => string | null;
  readonly #strictSlashes: boolean;
  #table: RouteTable<Route>;

  constructor(strictSlashes: boolean, methodOf: (route: Route) => string | null) {
    this.#strictSlashes = strictSlashes;
    this.#methodOf = methodOf;
    this.#table = new RouteTable({ strictSlashes });
  }

  get all(): readonly Route[] {
    return this.#routes;
  }

  /**
   * All of the routes or, when one is refused, none.
   *
   * @throws {ConfigError} on a bad pattern or a route that is there already
   */
  add(routes: readonly Route[]): void {
    try {
      this.#enter(routes);
    } catch (error) {
      this.#rebuild();
      throw error;
    }
    this.#routes.push(...routes);
  }

  /** @throws {ConfigError} as {@link add}, which then would; nothing is added */
  check(routes: readonly Route[]): void {
    if (routes.length === 0) return;
    this.add(routes);
    this.#routes.length -= routes.length;
    this.#rebuild();
  }

  #rebuild(): void {
    this.#table = new RouteTable({ strictSlashes: this.#strictSlashes });
    this.#enter(this.#routes);
  }

  #enter(routes: readonly Route[]): void {
    for (const route of routes) this.#table.add(this.#methodOf(route), route.pattern, route, route.scope.prefix);
  }
}
