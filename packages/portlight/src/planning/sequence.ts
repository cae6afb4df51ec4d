import type { Middleware } from '../config/hooks.ts';
import type { Scope } from '../handlers/scope.ts';
import { RouteTable } from '../routing/route-table.ts';

/** A middleware, and the paths it is for; all of them where there is no matcher. */
export interface Step {
  readonly middleware: Middleware;
  readonly matcher: RouteTable<true> | undefined;
}

/** The middleware of a plan, the outermost first. */
export class Sequence {
  readonly isEmpty: boolean;
  readonly #steps: readonly Step[];
  /** That of the steps, where it is the same for every path. */
  readonly #forAll: readonly Middleware[] | undefined;

  constructor(steps: readonly Step[]) {
    this.isEmpty = steps.length === 0;
    this.#steps = steps;
    if (steps.every(({ matcher }) => matcher === undefined)) this.#forAll = steps.map(({ middleware }) => middleware);
  }

  /** What is for a canonical path. */
  middlewareFor(path: string): readonly Middleware[] {
    if (this.#forAll !== undefined) return this.#forAll;
    return this.#steps
      .filter(({ matcher }) => matcher === undefined || matcher.match('GET', path) !== undefined)
      .map(({ middleware }) => middleware);
  }
}

/** The middleware that a scope has itself, its patterns ready to be matched. */
export function toSteps(scope: Scope, strictSlashes: boolean): Step[] {
  return scope.middleware.map(({ pattern, middleware }) => {
    if (pattern === undefined) return { middleware, matcher: undefined };
    const matcher = new RouteTable<true>({ strictSlashes });
    matcher.add(null, pattern, true, scope.prefix);
    return { middleware, matcher };
  });
}
