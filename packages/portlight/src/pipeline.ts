import type { Middleware, ResponseInterceptor } from './config/hooks.ts';
import type { ServerConfig } from './config/server-options.ts';
import type { WebSocketConfig } from './config/websocket-options.ts';
import { BadRequestError, HttpError, MethodNotAllowedError, NotFoundError } from './errors/http-error.ts';
import { namesMediaType } from './fields/accept.ts';
import { HeaderList } from './fields/header-list.ts';
import { toUpgradeCore } from './handlers/accept-upgrade.ts';
import { type RouteCore, toCore } from './handlers/call-handler.ts';
import type { ChannelRoute, EventsRoute } from './handlers/channel-route.ts';
import type { ChannelServices } from './handlers/channel-services.ts';
import { Deadline } from './handlers/deadline.ts';
import { guardHandshake } from './guards/handshake-guard.ts';
import { askGuards, type Guard, type Verdict } from './guards/guard.ts';
import type { GuardSet } from './guards/guard-set.ts';
import type { HttpRoute } from './handlers/http-route.ts';
import { isEventStream, toEventsCore } from './handlers/open-events.ts';
import { findHandler, respondToError } from './handlers/respond-to-error.ts';
import { runMiddleware } from './handlers/run-middleware.ts';
import type { Scope } from './handlers/scope.ts';
import { withoutStack } from './errors/without-stack.ts';
import { runInterceptors } from './interceptors/run-interceptors.ts';
import type { LogHolder } from './log.ts';
import type { FormLimits } from './request/form-limits.ts';
import { controls, type HttpRequest } from './request/http-request.ts';
import { parseTarget } from './request/target.ts';
import { awaitFirstChunk } from './replies/await-first-chunk.ts';
import { bodyOf, HttpResponse } from './response/http-response.ts';
import { addDefaults } from './response/to-response.ts';
import { describeRoute } from './routing/describe-route.ts';
import type { RouteMatch } from './routing/route-match.ts';
import { RouteTable } from './routing/route-table.ts';

type MaybePromise<T> = T | Promise<T>;

/** A middleware, and the paths it is for; all of them where there is no matcher. */
interface Step {
  readonly middleware: Middleware;
  readonly matcher: RouteTable<true> | undefined;
}

/** What an app has registered. */
export interface Registrations {
  readonly routes: readonly HttpRoute[];
  readonly channelRoutes: readonly ChannelRoute[];
  readonly eventsRoutes: readonly EventsRoute[];
  /** The root first. */
  readonly scopes: readonly Scope[];
}

/** What a request passes on its way, worked out once for each route and each kind of refusal. */
interface Plan {
  readonly scope: Scope;
  readonly guards: readonly Guard[];
  readonly steps: readonly Step[];
  /** That of the steps, where it is the same for every path. */
  readonly middleware: readonly Middleware[] | undefined;
  /** Makes the response, or throws. */
  readonly core: RouteCore;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly formLimits?: FormLimits | undefined;
  readonly headers: HeaderList;
  readonly interceptors: readonly ResponseInterceptor[];
  /** The name of a route that has no schema for bodies. */
  readonly schemaless?: string | undefined;
}

/**
 * The way of a request, in order: routing, middleware, handler, interceptors. Knows no socket, never throws, never
 * rejects, and waits for nothing where nothing has to be waited for.
 */
export class Pipeline {
  readonly #root: Scope;
  readonly #table: RouteTable<Plan>;
  readonly #guards: GuardSet;
  /** Of what is no route's. */
  readonly #generalGuards: readonly Guard[];
  readonly #upgrades: RouteTable<Plan>;
  readonly #events: RouteTable<Plan>;
  /** For who speaks WebSocket with the clients. */
  readonly websocketConfig: WebSocketConfig;
  readonly #config: ServerConfig;
  readonly #log: LogHolder;
  /** For every request without a route; worked out once, as there are many of them. */
  readonly #unknown: Plan;
  readonly #steps: Map<Scope, readonly Step[]> = new Map();
  /** Routes whose missing schema was told of. */
  readonly #toldOf: Set<Plan> = new Set();

  constructor(
    { routes, channelRoutes, eventsRoutes, scopes }: Registrations,
    guards: GuardSet,
    channels: ChannelServices,
    config: ServerConfig,
    log: LogHolder,
  ) {
    this.#root = scopes[0] as Scope;
    this.#guards = guards;
    this.#generalGuards = guards.guardsFor({}, 'all', '');
    this.#config = config;
    this.#log = log;
    for (const scope of scopes) this.#steps.set(scope, toSteps(scope, config.strictSlashes));
    this.#unknown = this.#planUnknown();
    this.#table = new RouteTable({ strictSlashes: config.strictSlashes });
    this.#upgrades = new RouteTable({ strictSlashes: config.strictSlashes });
    this.#events = new RouteTable({ strictSlashes: config.strictSlashes });
    this.websocketConfig = channels.config;
    for (const route of routes)
      this.#table.add(
        route.method,
        route.pattern,
        this.#planRoute(route, route.method, toCore(route)),
        route.scope.prefix,
      );
    const handshake = guardHandshake(channels.registry, channels.config, log);
    for (const route of channels.config.isOn ? channelRoutes : []) {
      const plan = this.#planRoute(route, 'accept', toUpgradeCore(route, channels));
      this.#upgrades.add('GET', route.pattern, { ...plan, guards: [handshake, ...plan.guards] }, route.scope.prefix);
    }
    for (const route of eventsRoutes)
      this.#events.add(
        'GET',
        route.pattern,
        this.#planRoute(route, 'events', toEventsCore(route, channels)),
        route.scope.prefix,
      );
  }

  /** The response to a request. */
  respond(request: HttpRequest): MaybePromise<HttpResponse> {
    const plan = this.#route(request);
    controls.limitBody(request, plan.maxBodyBytes);
    if (this.#log.verbose && plan.schemaless !== undefined)
      controls.watchBody(request, () => this.#tellOfBody(plan, plan.schemaless as string));
    if (plan.formLimits !== undefined) controls.limitForm(request, plan.formLimits);
    try {
      const verdict = askGuards(plan.guards, request);
      if (!(verdict instanceof Promise)) return this.#proceed(plan, request, verdict);
      return verdict.then(
        (late) => this.#proceed(plan, request, late),
        (thrown: unknown) => this.#fail(plan, request, thrown),
      );
    } catch (thrown) {
      return this.#fail(plan, request, thrown);
    }
  }

  #proceed(plan: Plan, request: HttpRequest, { refusal, fields }: Verdict): MaybePromise<HttpResponse> {
    const response =
      refusal === undefined ? this.#run(plan, request) : respondToError(refusal, plan.scope, request, this.#log);
    return this.#conclude(plan, response, request, fields);
  }

  #fail(plan: Plan, request: HttpRequest, thrown: unknown): MaybePromise<HttpResponse> {
    return this.#conclude(plan, respondToError(thrown, plan.scope, request, this.#log), request);
  }

  /** The response to what came before there was a request: bytes that the parser refused. */
  refuse(error: unknown): MaybePromise<HttpResponse> {
    return this.#conclude(this.#unknown, respondToError(error, this.#root, undefined, this.#log), undefined);
  }

  /**
   * The response in place of one that failed before anything of it was sent, when the interceptors had seen it already.
   */
  recover(failure: unknown, request: HttpRequest): MaybePromise<HttpResponse> {
    const plan = this.#route(request);
    const response = respondToError(failure, plan.scope, request, this.#log);
    return response instanceof Promise
      ? response.then((late) => dress(late, plan, undefined))
      : dress(response, plan, undefined);
  }

  #route(request: HttpRequest): Plan {
    const target = controls.target(request);
    if (target.refusal !== undefined) return this.#planRefusal(target.refusal);
    const match = this.#match(request, target.path);
    if (match === undefined) return this.#planMiss(request.method, target.path);
    controls.setParams(request, match.params);
    return match.target;
  }

  /** A path may have routes of all kinds: an upgrade goes to `accept`, who names event streams to `events`. */
  #match(request: HttpRequest, path: string): RouteMatch<Plan> | undefined {
    if (controls.isUpgrade(request)) return this.#upgrades.match('GET', path);
    const wantsEvents =
      this.#events.size > 0 &&
      (request.method === 'GET' || request.method === 'HEAD') &&
      namesMediaType(request.header('accept'), 'text/event-stream');
    return (wantsEvents ? this.#events.match('GET', path) : undefined) ?? this.#table.match(request.method, path);
  }

  /** Whether there are WebSocket routes, and they are on. */
  get hasUpgrades(): boolean {
    return this.#upgrades.size > 0;
  }

  /** Whether an upgrade to WebSocket on this target has a route. */
  takesUpgrade(target: string): boolean {
    const { path, refusal } = parseTarget(target);
    return refusal === undefined && this.#upgrades.match('GET', path) !== undefined;
  }

  #run(plan: Plan, request: HttpRequest): MaybePromise<HttpResponse> {
    const { steps, timeoutMs, scope } = plan;
    if (steps.length === 0 && timeoutMs === 0) return this.#runCore(plan, request);
    const onError = (thrown: unknown): MaybePromise<HttpResponse> => respondToError(thrown, scope, request, this.#log);
    const middleware = plan.middleware ?? middlewareFor(steps, controls.target(request).path);
    const deadline = timeoutMs > 0 ? new Deadline(timeoutMs, request, onError) : undefined;
    return runMiddleware({ middleware, request, core: () => this.#runInner(plan, request), onError, deadline });
  }

  /**
   * What is further in than the middleware. Interceptors run behind it, but see what it has put into the async context.
   */
  #runInner(plan: Plan, request: HttpRequest): MaybePromise<HttpResponse> {
    if (plan.interceptors.length > 0) controls.keepContext(request);
    return this.#runCore(plan, request);
  }

  #runCore(plan: Plan, request: HttpRequest): MaybePromise<HttpResponse> {
    try {
      const response = plan.core(request);
      if (!(response instanceof Promise)) return response;
      return response.catch((thrown: unknown) => respondToError(thrown, plan.scope, request, this.#log));
    } catch (thrown) {
      return respondToError(thrown, plan.scope, request, this.#log);
    }
  }

  #conclude(
    plan: Plan,
    response: MaybePromise<HttpResponse>,
    request: HttpRequest | undefined,
    fields?: Verdict['fields'],
  ): MaybePromise<HttpResponse> {
    const whole =
      response instanceof Promise
        ? response.then((late) => this.#begin(plan, late, request))
        : this.#begin(plan, response, request);
    if (whole instanceof Promise)
      return whole.then((late) => this.#show(plan, dress(late, plan, fields), request, fields));
    return this.#show(plan, dress(whole, plan, fields), request, fields);
  }

  /** Shows a response to the interceptors; what they make of its body may fail in its turn. */
  #show(
    plan: Plan,
    response: HttpResponse,
    request: HttpRequest | undefined,
    fields: Verdict['fields'],
  ): MaybePromise<HttpResponse> {
    if (this.#log.verbose) this.#tell(response, request);
    if (plan.interceptors.length === 0 || response.status === 101 || isEventStream(response)) return response;
    const intercept = (): MaybePromise<HttpResponse> => this.#intercept(plan, response, request);
    const whole = request === undefined ? intercept() : controls.inContext(request, intercept);
    const conclude = (last: HttpResponse): HttpResponse => (last === response ? last : dress(last, plan, fields));
    return whole instanceof Promise ? whole.then(conclude) : conclude(whole);
  }

  #intercept(plan: Plan, response: HttpResponse, request: HttpRequest | undefined): MaybePromise<HttpResponse> {
    const shown = runInterceptors(plan.interceptors, response, request, this.#log);
    return shown instanceof Promise
      ? shown.then((late) => this.#begin(plan, late, request))
      : this.#begin(plan, shown, request);
  }

  /**
   * A response that has its first chunk, if it is streamed: a body that was made anew in place may fail as others do.
   */
  #begin({ scope }: Plan, response: HttpResponse, request: HttpRequest | undefined): MaybePromise<HttpResponse> {
    if (typeof bodyOf(response) === 'string' || isEventStream(response)) return response;
    const fail = (thrown: unknown): MaybePromise<HttpResponse> => respondToError(thrown, scope, request, this.#log);
    try {
      const begun = awaitFirstChunk(response, request);
      return begun instanceof Promise ? begun.catch(fail) : begun;
    } catch (thrown) {
      return fail(thrown);
    }
  }

  #tell(response: HttpResponse, request: HttpRequest | undefined): void {
    const { logger } = this.#log;
    logger.debug({ method: request?.method, path: request?.path, status: response.status }, 'Answered.');
    if (typeof response.body === 'string' && response.body.startsWith('HTTP/1.')) {
      logger.warn(
        { path: request?.path },
        'A reply begins with HTTP/1. and is sent as text; HttpResponse.raw reads a whole response.',
      );
    }
  }

  #tellOfBody(plan: Plan, route: string): void {
    if (this.#toldOf.has(plan)) return;
    this.#toldOf.add(plan);
    this.#log.logger.warn(
      {},
      `${route} reads request.body, which only a body schema makes; write await request.json(), or give the route the option body.`,
    );
  }

  #planRoute(
    { scope, options, pattern }: Pick<HttpRoute, 'scope' | 'options' | 'pattern'>,
    kind: string | null,
    core: RouteCore,
  ): Plan {
    const own = (options.use ?? []).map((middleware) => ({ middleware, matcher: undefined }));
    const name = describeRoute(kind, pattern, scope.prefix);
    return {
      ...this.#planScope(scope),
      ...toSequence([...this.#stepsOf(scope), ...own]),
      guards: this.#guards.guardsFor(options, name, scope.prefix),
      schemaless: options.body === undefined ? name : undefined,
      core,
      timeoutMs: options.handlerTimeoutMs ?? this.#config.handlerTimeoutMs,
      maxBodyBytes: options.maxBodyBytes ?? this.#config.maxBodyBytes,
      formLimits: options.formLimits,
    };
  }

  #stepsOf(scope: Scope): readonly Step[] {
    return scope.chain.flatMap((each) => this.#steps.get(each) ?? []);
  }

  /** What a request passes whose path is known, but not by its method: guards and middleware of what knows it. */
  #planClaimed(scope: Scope, guards: readonly Guard[], core: RouteCore): Plan {
    return { ...this.#planRefused(scope, this.#stepsOf(scope), core), guards };
  }

  /** What a request passes whose path is no route's: the middleware of the root, and all that has a pattern for it. */
  #planUnknown(): Plan {
    const steps = [...this.#steps].flatMap(([each, all]) =>
      each === this.#root ? all : all.filter((step) => step.matcher !== undefined),
    );
    return this.#planRefused(
      this.#root,
      steps,
      this.#alwaysRefuse(() => new NotFoundError('There is nothing at this path.')),
    );
  }

  /**
   * A refusal that is the same for every request; its response is made once where no error handler wants to see each.
   */
  #alwaysRefuse(makeError: () => HttpError): RouteCore {
    const refuse = (request: HttpRequest): MaybePromise<HttpResponse> =>
      respondToError(withoutStack(makeError), this.#root, request, this.#log);
    if (findHandler(this.#root, makeError().status) !== undefined) return refuse;
    const response = HttpResponse.problem(makeError());
    return (request) => (this.#log.verbose ? refuse(request) : response.clone());
  }

  #planRefused(scope: Scope, steps: readonly Step[], core: RouteCore): Plan {
    return { ...this.#planScope(scope), ...toSequence(steps), core, timeoutMs: this.#config.handlerTimeoutMs };
  }

  #planScope(scope: Scope): Pick<Plan, 'scope' | 'guards' | 'headers' | 'interceptors' | 'maxBodyBytes'> {
    const inward = scope.chain;
    const outward = [...inward].reverse();
    const headers = new HeaderList();
    for (const each of inward) for (const [name, value] of each.headers) headers.set(name, value);
    return {
      scope,
      guards: this.#generalGuards,
      headers,
      maxBodyBytes: this.#config.maxBodyBytes,
      interceptors: outward.flatMap((each) => each.interceptors),
    };
  }

  /** No route takes the request: 404, or where its path is known 405, or what OPTIONS asks for. */
  #planMiss(method: string, path: string): Plan {
    if (path === '*') return this.#planAsterisk(method);
    const [byHttp, byUpgrade, byEvents] = [
      this.#table.allowed(path),
      this.#upgrades.allowed(path),
      this.#events.allowed(path),
    ];
    const claimed = byHttp ?? byUpgrade ?? byEvents;
    if (claimed === undefined) return this.#unknown;
    const { scope, guards } = claimed.target;
    if ((method === 'GET' || method === 'HEAD') && (byUpgrade ?? byEvents) !== undefined)
      return this.#planClaimed(scope, this.#generalGuards, byEvents === undefined ? upgradeRequired : notAcceptable);
    const methods = [
      ...new Set([
        ...(byHttp?.methods ?? []),
        ...(byUpgrade === undefined ? [] : ['GET']),
        ...(byEvents === undefined ? [] : ['GET', 'HEAD']),
        'OPTIONS',
      ]),
    ].sort();
    return this.#planClaimed(
      scope,
      byHttp === undefined ? this.#generalGuards : guards,
      method === 'OPTIONS' ? () => formatAllow(methods) : () => methodNotAllowed(methods),
    );
  }

  /** `OPTIONS *` asks what the server can do at all (RFC 9110 §9.3.7). */
  #planAsterisk(method: string): Plan {
    const methods = [...new Set([...this.#table.methods(), 'OPTIONS'])].sort();
    return method === 'OPTIONS'
      ? { ...this.#unknown, core: () => formatAllow(methods) }
      : this.#planRefusal(new BadRequestError('Only OPTIONS may have the target "*".'));
  }

  /** Middleware must not see a target that it could read differently from the routing. */
  #planRefusal(error: Error): Plan {
    const refuse = (): never => {
      throw error;
    };
    return { ...this.#planRefused(this.#root, [], refuse), timeoutMs: 0 };
  }
}

function toSteps(scope: Scope, strictSlashes: boolean): Step[] {
  return scope.middleware.map(({ pattern, middleware }) => {
    if (pattern === undefined) return { middleware, matcher: undefined };
    const matcher = new RouteTable<true>({ strictSlashes });
    matcher.add(null, pattern, true, scope.prefix);
    return { middleware, matcher };
  });
}

function toSequence(steps: readonly Step[]): Pick<Plan, 'steps' | 'middleware'> {
  const isForAll = steps.every(({ matcher }) => matcher === undefined);
  return { steps, middleware: isForAll ? steps.map(({ middleware }) => middleware) : undefined };
}

function middlewareFor(steps: readonly Step[], path: string): readonly Middleware[] {
  return steps
    .filter(({ matcher }) => matcher === undefined || matcher.match('GET', path) !== undefined)
    .map(({ middleware }) => middleware);
}

/** Gives a response what it has from others than the app's handler. */
function dress(response: HttpResponse, plan: Plan, fields: Verdict['fields']): HttpResponse {
  if (fields !== undefined) setFields(response, fields);
  addDefaults(response, plan.headers);
  return response;
}

/** What guards say of a request stands on its response, whoever made that. */
function setFields({ headers }: HttpResponse, fields: NonNullable<Verdict['fields']>): void {
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) headers.put(name, value);
  }
}

function upgradeRequired(): never {
  throw withoutStack(() => new HttpError(426, 'This path is for WebSockets.', { headers: { upgrade: 'websocket' } }));
}

function notAcceptable(): never {
  throw withoutStack(() => new HttpError(406, 'This path is a stream of events; ask for text/event-stream.'));
}

function methodNotAllowed(methods: readonly string[]): never {
  throw withoutStack(() => new MethodNotAllowedError(methods, `This path takes ${methods.join(', ')}.`));
}

function formatAllow(methods: readonly string[]): HttpResponse {
  return new HttpResponse(null, { status: 204, headers: { allow: methods.join(', ') } });
}
