import { FallbackStore, type OnStoreError } from '../backplane/fallback-store.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import type { RateLimitStore } from '@portlight/rate-limit';
import type { RouteRateLimit } from '../config/rate-limit-options.ts';
import type { RouteOptions } from '../config/route-options.ts';
import type { ClientRegistry } from '../clients/client-registry.ts';
import { describeRoute } from '../routing/describe-route.ts';
import type { RoutePattern } from '../routing/pattern.ts';
import { guardClients } from './client-guard.ts';
import type { Guard } from './guard.ts';
import { type Counted, createRateLimits, type RateLimit } from './rate-limit.ts';
import { guardRate } from './rate-limit-guard.ts';

/** What a router says of limits, and the one around it. */
export interface LimitedScope {
  readonly parent: LimitedScope | undefined;
  readonly prefix: string;
  readonly rateLimits: readonly RouteRateLimit[];
}

/** What a route says of them. */
export interface LimitedRoute {
  readonly options: RouteOptions;
  readonly pattern: RoutePattern;
  /** What it was registered for, in order: `GET|POST`, `all`, `accept`. */
  readonly verbs: string;
}

/** The guards of a server: those of every request, and those of a router or a route in their place. */
export class GuardSet {
  isConnectionRequired = false;
  /** What is done while requests cannot be counted together with others. */
  onStoreError: OnStoreError = 'local';
  readonly #shared: SharedState;
  readonly #clients: ClientRegistry;
  readonly #fallback: FallbackStore;
  readonly #scopeLimits: Map<LimitedScope, readonly RateLimit[]> = new Map();
  /** How many routers with limits stand under each prefix. */
  readonly #scopesAt: Map<string, number> = new Map();

  constructor(shared: SharedState, clients: ClientRegistry) {
    this.#shared = shared;
    this.#clients = clients;
    this.#fallback = new FallbackStore(shared, () => this.onStoreError);
  }

  /**
   * What a request passes before its middleware: the limits of its route, or else of the innermost router that has any.
   *
   * @param scope its router; each mount of one counts for itself
   * @param route all methods of one registration count together; without a route, what is none
   */
  guardsFor(scope: LimitedScope, route?: LimitedRoute): readonly Guard[] {
    const { rateLimit, connectionRequired } = route?.options ?? {};
    const guards = [guardClients(this.#clients, connectionRequired ?? this.isConnectionRequired)];
    const limits =
      rateLimit === undefined || route === undefined
        ? this.#limitsOf(scope)
        : rateLimit === false
          ? []
          : createRateLimits(
              rateLimit,
              describeRoute(route.verbs, route.pattern, scope.prefix),
              nameRoute(route, scope.prefix),
            );
    return limits.length === 0 ? guards : [guardRate(limits, this.#store), ...guards];
  }

  /** Memory answers at once and does not fail: nothing needs to stand between. */
  get #store(): RateLimitStore {
    return this.#shared.isAlone ? this.#shared.limits : this.#fallback;
  }

  #limitsOf(scope: LimitedScope): readonly RateLimit[] {
    if (scope.rateLimits.length === 0) return scope.parent === undefined ? [] : this.#limitsOf(scope.parent);
    const made = this.#scopeLimits.get(scope);
    if (made?.length === scope.rateLimits.length) return made;
    const limits = createRateLimits(scope.rateLimits, 'setRateLimit', this.#nameScope(scope));
    this.#scopeLimits.set(scope, limits);
    return limits;
  }

  /** Routers are told apart by where they stand, and several under one prefix by their order. */
  #nameScope({ parent, prefix }: LimitedScope): Counted {
    if (parent === undefined) return [];
    const ordinal = (this.#scopesAt.get(prefix) ?? 0) + 1;
    this.#scopesAt.set(prefix, ordinal);
    return ordinal === 1 ? [prefix] : [prefix, ordinal];
  }
}

/** No two routes have one name, and a route has the same whatever else is registered. */
function nameRoute({ verbs, pattern }: LimitedRoute, prefix: string): Counted {
  if (typeof pattern === 'string') return [describeRoute(verbs, pattern, prefix)];
  return pattern === null ? [verbs, prefix, null] : [verbs, prefix, pattern.source, pattern.flags];
}
