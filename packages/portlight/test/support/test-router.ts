import type { RouteOptions } from '../../src/config/route-options.ts';
import type { Taker } from '../../src/handlers/taker.ts';
import { Router } from '../../src/index.ts';
import { bookOf } from '../../src/router.ts';
import type { RoutePattern } from '../../src/routing/pattern.ts';

/** A router that takes guests. */
export class TestRouter extends Router {
  guest(pattern: RoutePattern, taker: Taker, options: RouteOptions = {}): this {
    bookOf(this).addTaker(pattern, options, taker);
    return this;
  }
}
