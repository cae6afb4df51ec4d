import type { RouteOptions } from '../config/route-options.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { RoutePattern } from '../routing/pattern.ts';
import type { Scope } from './scope.ts';
import type { Taker } from './taker.ts';

/** A registered HTTP route. */
export interface HttpRoute {
  /** `null` for every method. */
  readonly method: string | null;
  /** All methods of its registration, in order: `GET|POST`, or `all`. */
  readonly verbs: string;
  readonly pattern: RoutePattern;
  readonly options: RouteOptions;
  readonly handler: (request: HttpRequest) => unknown;
  readonly scope: Scope;
  /** The handler is no code of the app. */
  readonly isOurs?: boolean | undefined;
  /** Who answers in place of the handler. */
  readonly taker?: Taker | undefined;
}
