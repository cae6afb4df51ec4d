import type { RouteOptions } from '../../src/config/route-options.ts';
import type { Taker } from '../../src/handlers/taker.ts';
import { Router } from '../../src/index.ts';
import type { Registrations } from '../../src/planning/registrations.ts';
import type { RoutePattern } from '../../src/routing/pattern.ts';

/** A router whose inner side can be reached. */
export class TestRouter extends Router {
  get registered(): Registrations {
    return this.registrations;
  }

  guest(pattern: RoutePattern, taker: Taker, options: RouteOptions = {}): this {
    return this.addTaker(pattern, options, taker);
  }
}
