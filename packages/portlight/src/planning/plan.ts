import type { FinishObserver, ResponseInterceptor } from '../config/hooks.ts';
import type { HeaderList } from '../fields/header-list.ts';
import type { Guard } from '../guards/guard.ts';
import type { RouteCore } from '../handlers/call-handler.ts';
import type { Scope } from '../handlers/scope.ts';
import type { FormLimits } from '../request/form-limits.ts';
import type { Sequence } from './sequence.ts';

/** What a request passes on its way, worked out once for each route and each kind of refusal. */
export interface Plan {
  /** The name of its route, for the log; a refusal has none. */
  readonly name?: string | undefined;
  /** Its pattern, with prefixes. */
  readonly route?: string | undefined;
  /** Whose error handlers are asked. */
  readonly scope: Scope;
  readonly guards: readonly Guard[];
  /** Of who asks for the path by another method: a limit of its route alone is not theirs. */
  readonly missGuards: readonly Guard[];
  readonly sequence: Sequence;
  /** Makes the response, or throws. */
  readonly core: RouteCore;
  /** The core runs no code of the app. */
  readonly isOurs?: boolean | undefined;
  /** Of middleware and core together; `0` is no limit. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** Of a request that its route gives another time to come than the server. */
  readonly requestTimeoutMs?: number | undefined;
  readonly formLimits?: FormLimits | undefined;
  /** On every response that does not set them itself. */
  readonly headers: HeaderList;
  readonly interceptors: readonly ResponseInterceptor[];
  /** Who hears when the exchange is over. */
  readonly observers: readonly FinishObserver[];
  /** A taker answers, which needs what node:http has of the request. */
  readonly needsNode?: boolean | undefined;
  /** What is spoken after an upgrade; `undefined` is WebSocket. */
  readonly protocols?: readonly string[] | undefined;
  /** The name of a route that has no schema for bodies. */
  readonly schemaless?: string | undefined;
}
