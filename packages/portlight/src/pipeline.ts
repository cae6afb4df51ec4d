import type { FinishedExchange } from './config/hooks.ts';
import type { ServerConfig } from './config/server-options.ts';
import type { WebSocketConfig } from './config/websocket-options.ts';
import { toHttpError } from './errors/http-error.ts';
import { judgeRequest, type Verdict } from './guards/guard.ts';
import type { GuardSet } from './guards/guard-set.ts';
import type { ChannelServices } from './handlers/channel-services.ts';
import { Deadline } from './handlers/deadline.ts';
import { Remarks } from './handlers/remarks.ts';
import { respondToError } from './handlers/respond-to-error.ts';
import { runMiddleware } from './handlers/run-middleware.ts';
import type { LogHolder } from './log.ts';
import { tellObservers } from './observers/tell-observers.ts';
import type { Plan } from './planning/plan.ts';
import { Plans } from './planning/plans.ts';
import type { Registrations } from './planning/registrations.ts';
import { holdTurn } from './request/held-turn.ts';
import { controls, type HttpRequest } from './request/http-request.ts';
import { dressResponse } from './replies/dress-response.ts';
import { HttpResponse } from './response/http-response.ts';
import type { Turn, Turns } from './turns/turns.ts';
import { WayOut } from './way-out.ts';

type MaybePromise<T> = T | Promise<T>;

/**
 * The way of a request, in order: routing, guards, its turn, middleware, handler, interceptors. Knows no socket, never
 * throws, never rejects, and waits for nothing where nothing has to be waited for.
 */
export class Pipeline {
  /** For who speaks WebSocket with the clients. */
  readonly websocketConfig: WebSocketConfig;
  readonly #plans: Plans;
  readonly #turns: Turns;
  readonly #log: LogHolder;
  readonly #remarks: Remarks;
  readonly #wayOut: WayOut;

  constructor(
    registrations: Registrations,
    guards: GuardSet,
    channels: ChannelServices,
    config: ServerConfig,
    log: LogHolder,
  ) {
    this.websocketConfig = channels.config;
    this.#turns = channels.turns;
    this.#plans = new Plans(registrations, guards, channels, config, log);
    this.#log = log;
    this.#remarks = new Remarks(log);
    this.#wayOut = new WayOut(this.#remarks, log);
  }

  /** Whether there are WebSocket routes, and they are on. */
  get hasUpgrades(): boolean {
    return this.#plans.hasUpgrades;
  }

  /** Whether an upgrade on this target has a route. @param protocol in lower case */
  takesUpgrade(target: string, protocol: string): boolean {
    return this.#plans.takesUpgrade(target, protocol);
  }

  /** Whether a request can be answered only with what node:http has of it. */
  needsNode(method: string, target: string): boolean {
    return this.#plans.hasTakers && this.#plans.needsNode(method, target);
  }

  /** The response to a request. */
  respond(request: HttpRequest): MaybePromise<HttpResponse> {
    const plan = this.#plans.find(request);
    if (!(plan instanceof Promise)) return this.#follow(plan, request);
    return plan.then(
      (late) => this.#follow(late, request),
      (thrown: unknown) => this.#fail(this.#plans.unknown, request, thrown),
    );
  }

  #follow(plan: Plan, request: HttpRequest): MaybePromise<HttpResponse> {
    controls.limitBody(request, plan.maxBodyBytes);
    if (plan.formLimits !== undefined) controls.limitForm(request, plan.formLimits);
    if (this.#log.verbose && plan.schemaless !== undefined) this.#remarks.watch(plan.schemaless, request);
    try {
      const verdict = judgeRequest(plan.guards, request);
      if (!(verdict instanceof Promise)) return this.#proceed(plan, request, verdict);
      return verdict.then(
        (late) => this.#proceed(plan, request, late),
        (thrown: unknown) => this.#fail(plan, request, thrown),
      );
    } catch (thrown) {
      return this.#fail(plan, request, thrown);
    }
  }

  /** The response to what came before there was a request: bytes that the parser refused. */
  refuse(error: unknown): MaybePromise<HttpResponse> {
    return this.#fail(this.#plans.unknown, undefined, error);
  }

  /**
   * The response in place of one that failed before anything of it was sent, when the interceptors had seen it already.
   */
  recover(failure: unknown, request: HttpRequest): MaybePromise<HttpResponse> {
    const plan = (controls.planOf(request) as Plan | undefined) ?? this.#plans.unknown;
    const response = this.#respondToError(plan, request, failure);
    return response instanceof Promise
      ? response.then((late) => dressResponse(late, plan.headers))
      : dressResponse(response, plan.headers);
  }

  /** Whether anybody hears of exchanges that are over. */
  get isObserved(): boolean {
    return this.#plans.isObserved;
  }

  /** Tells who wants to hear of it that an exchange is over. */
  finish(finished: FinishedExchange): void {
    const { request } = finished;
    const plan = (request && (controls.planOf(request) as Plan | undefined)) ?? this.#plans.unknown;
    tellObservers(plan.observers, finished, this.#log);
  }

  #proceed(plan: Plan, request: HttpRequest, { refusal, fields }: Verdict): MaybePromise<HttpResponse> {
    if (refusal !== undefined) return this.#fail(plan, request, refusal, fields);
    if (plan.isOurs === true && !runsApp(plan, request)) return this.#pass(plan, request, fields);
    const turn = this.#turns.ofRequest(request, plan.timeoutMs, plan.needsNode !== true);
    if (turn === undefined) return this.#pass(plan, request, fields);
    return turn.then(
      (own) => this.#passWithin(own, plan, request, fields),
      (thrown: unknown) =>
        controls.isAborted(request)
          ? this.#dismiss(plan, request, thrown, fields)
          : this.#fail(plan, request, thrown, fields),
    );
  }

  #pass(plan: Plan, request: HttpRequest, fields: Verdict['fields']): MaybePromise<HttpResponse> {
    return this.#wayOut.conclude(plan, this.#run(plan, request), request, fields);
  }

  async #passWithin(turn: Turn, plan: Plan, request: HttpRequest, fields: Verdict['fields']): Promise<HttpResponse> {
    try {
      holdTurn(request, turn);
      return await this.#pass(plan, request, fields);
    } finally {
      turn.end();
    }
  }

  #fail(
    plan: Plan,
    request: HttpRequest | undefined,
    thrown: unknown,
    fields?: Verdict['fields'],
  ): MaybePromise<HttpResponse> {
    return this.#wayOut.conclude(plan, this.#respondToError(plan, request, thrown), request, fields);
  }

  /** The response for a client that has left before its turn: no code of the app runs for it. */
  #dismiss(plan: Plan, request: HttpRequest, thrown: unknown, fields: Verdict['fields']): HttpResponse {
    const { method, path } = request;
    if (this.#log.verbose) this.#log.logger.debug({ method, path }, 'A client left before the turn of its request.');
    const error = toHttpError(thrown);
    controls.setError(request, error);
    return dressResponse(HttpResponse.problem(error), plan.headers, fields);
  }

  /** Middleware, and the handler in it. */
  #run(plan: Plan, request: HttpRequest): MaybePromise<HttpResponse> {
    const { sequence, timeoutMs } = plan;
    if (sequence.isEmpty && timeoutMs === 0) return this.#runCore(plan, request);
    const onError = (thrown: unknown): MaybePromise<HttpResponse> => this.#respondToError(plan, request, thrown);
    const middleware = sequence.middlewareFor(controls.target(request).path);
    const onLate = (): void => this.#tellLate(plan, request);
    const deadline = timeoutMs > 0 ? new Deadline(timeoutMs, request, onError, onLate) : undefined;
    return runMiddleware({ middleware, request, core: () => this.#runInner(plan, request), onError, deadline });
  }

  #tellLate({ name: route, timeoutMs: limitMs }: Plan, { method, path }: HttpRequest): void {
    this.#log.logger.error({ method, path, route, limitMs }, 'A handler took longer than it may.');
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
      return response.catch((thrown: unknown) => this.#respondToError(plan, request, thrown));
    } catch (thrown) {
      return this.#respondToError(plan, request, thrown);
    }
  }

  #respondToError(plan: Plan, request: HttpRequest | undefined, thrown: unknown): MaybePromise<HttpResponse> {
    return respondToError(thrown, plan.scope, request, this.#log);
  }
}

/** Whether code of the app runs around what we answer ourselves. */
function runsApp({ interceptors, sequence }: Plan, request: HttpRequest): boolean {
  return interceptors.length > 0 || sequence.middlewareFor(controls.target(request).path).length > 0;
}
