import type { ServerConfig } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { HeaderList } from '../fields/header-list.ts';
import type { Guard } from '../guards/guard.ts';
import type { GuardSet } from '../guards/guard-set.ts';
import type { RouteCore } from '../handlers/call-handler.ts';
import type { HttpRoute } from '../handlers/http-route.ts';
import type { Scope } from '../handlers/scope.ts';
import { describeRoute, formatPattern } from '../routing/describe-route.ts';
import type { Plan } from './plan.ts';
import { Sequence, type Step, toSteps } from './sequence.ts';

/** Puts together what a request passes, from the scopes that its route stands in. */
export class Planner {
  readonly root: Scope;
  /** Of what is no route's. */
  readonly #generalGuards: readonly Guard[];
  readonly #guards: GuardSet;
  readonly #config: ServerConfig;
  readonly #timeoutMs: number;
  readonly #steps: ReadonlyMap<Scope, readonly Step[]>;

  /** @param scopes the root first */
  constructor(scopes: readonly Scope[], guards: GuardSet, config: ServerConfig) {
    this.root = scopes[0] as Scope;
    this.#generalGuards = guards.guardsFor(this.root);
    this.#guards = guards;
    this.#config = config;
    this.#timeoutMs = config.handlerTimeoutMs ?? DEFAULTS.handlerTimeoutMs;
    this.#steps = new Map(scopes.map((scope) => [scope, toSteps(scope, config.strictSlashes)]));
  }

  /** @param kind its method, `null` for every one; or what makes a route of another kind */
  planRoute(
    route: Pick<HttpRoute, 'scope' | 'options' | 'pattern'> & Partial<Pick<HttpRoute, 'verbs' | 'isOurs'>>,
    kind: string | null,
    core: RouteCore,
  ): Plan {
    const { scope, options, pattern, verbs = kind ?? 'all', isOurs } = route;
    const own = (options.use ?? []).map((middleware) => ({ middleware, matcher: undefined }));
    const name = describeRoute(kind, pattern, scope.prefix);
    return {
      ...this.#planScope(scope, [...this.#stepsOf(scope), ...own], core),
      guards: this.#guards.guardsFor(scope, { options, pattern, verbs }),
      missGuards: this.#guards.guardsFor(scope, {
        options: { connectionRequired: options.connectionRequired },
        pattern,
        verbs,
      }),
      name,
      route: formatPattern(pattern, scope.prefix),
      isOurs,
      schemaless: options.body === undefined ? name : undefined,
      timeoutMs: options.handlerTimeoutMs ?? this.#timeoutMs,
      maxBodyBytes: options.maxBodyBytes ?? this.#config.maxBodyBytes,
      requestTimeoutMs: options.requestTimeoutMs,
      formLimits: options.formLimits,
    };
  }

  /** For a path that is known, but not by the method: middleware and guards of what knows it. */
  planClaimed(scope: Scope, core: RouteCore, guards: readonly Guard[]): Plan {
    return { ...this.#planScope(scope, this.#stepsOf(scope), core), guards };
  }

  /** For a path that is no route's: the middleware of the root, and all that has a pattern for it. */
  planUnknown(core: RouteCore): Plan {
    const steps = [...this.#steps].flatMap(([scope, all]) =>
      scope === this.root ? all : all.filter(({ matcher }) => matcher !== undefined),
    );
    return this.#planScope(this.root, steps, core);
  }

  /** For a target that middleware must not see, as it could read it differently from the routing. */
  planRefused(core: RouteCore): Plan {
    return { ...this.#planScope(this.root, [], core), timeoutMs: 0 };
  }

  #stepsOf(scope: Scope): readonly Step[] {
    return scope.chain.flatMap((each) => this.#steps.get(each) ?? []);
  }

  #planScope(scope: Scope, steps: readonly Step[], core: RouteCore): Plan {
    const inward = scope.chain;
    const headers = new HeaderList();
    for (const each of inward) for (const [name, value] of each.headers) headers.set(name, value);
    return {
      scope,
      guards: this.#generalGuards,
      missGuards: this.#generalGuards,
      sequence: new Sequence(steps),
      core,
      timeoutMs: this.#timeoutMs,
      maxBodyBytes: this.#config.maxBodyBytes,
      headers,
      interceptors: [...inward].reverse().flatMap((each) => each.interceptors),
      observers: [...inward].reverse().flatMap((each) => each.observers),
    };
  }
}
