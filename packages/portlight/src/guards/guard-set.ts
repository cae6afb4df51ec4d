import type { SharedState } from '../backplane/shared-state.ts';
import type { RouteOptions } from '../config/route-options.ts';
import type { RateLimitOptions } from '../config/rate-limit-options.ts';
import type { ClientRegistry } from '../clients/client-registry.ts';
import { ConfigError } from '../errors/config-error.ts';
import { guardClients } from './client-guard.ts';
import type { Guard } from './guard.ts';
import { createRateLimit, createRateLimits, type RateLimit } from './rate-limit.ts';
import { guardRate } from './rate-limit-guard.ts';

/** The guards of a server: those of every request, and those of a route in their place. */
export class GuardSet {
  isConnectionRequired = false;
  readonly #limits: RateLimit[] = [];
  readonly #shared: SharedState;
  readonly #clients: ClientRegistry;
  /** Registrations with limits of their own, numbered in their order. */
  readonly #numbers: Map<RouteOptions, number> = new Map();

  constructor(shared: SharedState, clients: ClientRegistry) {
    this.#shared = shared;
    this.#clients = clients;
  }

  /** @throws {ConfigError} on a wrong value, or a name that another limit has */
  addLimit(max: number, windowSeconds: number, options: RateLimitOptions): void {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw new ConfigError(
        `setRateLimit takes options such as { key: (request) => request.header('x-api-key') } after the seconds, not ${describe(options)}.`,
        'ERR_PORTLIGHT_INVALID_OPTION',
      );
    }
    const twice = ['max', 'windowSeconds'].find((name) => name in options);
    if (twice !== undefined)
      throw new ConfigError(
        `setRateLimit takes ${twice} as an argument, not among its options.`,
        'ERR_PORTLIGHT_INVALID_OPTION',
      );
    const limit = createRateLimit({ ...options, max, windowSeconds }, 'the server', '');
    if (this.#limits.some(({ policy }) => policy.name === limit.policy.name)) {
      throw new ConfigError(
        `There is a rate limit of the name ${JSON.stringify(limit.policy.name)} already; give this one another by its option name.`,
        'ERR_PORTLIGHT_INVALID_OPTION',
      );
    }
    this.#limits.push(limit);
  }

  /**
   * What a request passes before its middleware.
   *
   * @param route how the route is named
   * @param prefix under which its router is mounted: each mount counts for itself, all methods of one registration
   *   together
   */
  guardsFor(options: RouteOptions, route: string, prefix: string): readonly Guard[] {
    const { rateLimit, connectionRequired } = options;
    const limits =
      rateLimit === undefined
        ? this.#limits
        : rateLimit === false
          ? []
          : createRateLimits(rateLimit, route, `${this.#numberOf(options)} ${prefix}`);
    const guards = [guardClients(this.#clients, connectionRequired ?? this.isConnectionRequired)];
    if (limits.length === 0) return guards;
    return [guardRate(limits, this.#shared.limits), ...guards];
  }

  #numberOf(options: RouteOptions): number {
    const number = this.#numbers.get(options) ?? this.#numbers.size + 1;
    this.#numbers.set(options, number);
    return number;
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : `a ${typeof value}`;
}
