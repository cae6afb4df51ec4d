import type { HttpRequest } from '../request/http-request.ts';

/** How requests are counted for a limit. */
export interface RateLimitOptions {
  /**
   * Whose requests are counted together: an API key, an account. Where it gives no text, the address of the client
   * counts.
   *
   * @default the address; IPv6 by its /56
   */
  readonly key?: ((request: HttpRequest) => string | number | undefined) | undefined;
  /** Requests for which it is true are not counted. @default none */
  readonly skip?: ((request: HttpRequest) => boolean) | undefined;
  /**
   * `'sliding-window'` admits no more than the maximum in any window. `'token-bucket'` admits it at once and then
   * evenly, which may be twice as many in one window.
   *
   * @default 'sliding-window'
   */
  readonly algorithm?: 'sliding-window' | 'token-bucket' | undefined;
  /** What `RateLimit-Policy` calls it; several limits have different names. @default 'default' */
  readonly name?: string | undefined;
}

/** A limit of one route, in place of the general ones. */
export interface RouteRateLimit extends RateLimitOptions {
  /** Most requests of one key in a window, 1 to 1,000,000,000. */
  readonly max: number;
  /** In whole seconds. */
  readonly windowSeconds: number;
}
