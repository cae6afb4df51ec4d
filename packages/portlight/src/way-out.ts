import type { Verdict } from './guards/guard.ts';
import { isEventStream } from './handlers/open-events.ts';
import type { Remarks } from './handlers/remarks.ts';
import { respondToError } from './handlers/respond-to-error.ts';
import { takeoverOf } from './handlers/takeover.ts';
import { runInterceptors } from './interceptors/run-interceptors.ts';
import type { LogHolder } from './log.ts';
import type { Plan } from './planning/plan.ts';
import { awaitFirstChunk } from './replies/await-first-chunk.ts';
import { completeResponse, dressResponse } from './replies/dress-response.ts';
import { controls, type HttpRequest } from './request/http-request.ts';
import { bodyOf, type HttpResponse } from './response/http-response.ts';
import { StreamedBody } from './response/streamed-body.ts';

type MaybePromise<T> = T | Promise<T>;

/**
 * The way of a response, from whatever was made to what leaves: its first chunk, the fields of others, interceptors.
 */
export class WayOut {
  readonly #remarks: Remarks;
  readonly #log: LogHolder;

  constructor(remarks: Remarks, log: LogHolder) {
    this.#remarks = remarks;
    this.#log = log;
  }

  /**
   * The response as it leaves. Never throws, never rejects.
   *
   * @param fields what guards say of the request
   */
  conclude(
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
      return whole.then((late) => this.#show(plan, dressResponse(late, plan.headers, fields), request, fields));
    return this.#show(plan, dressResponse(whole, plan.headers, fields), request, fields);
  }

  /** Shows a response to the interceptors; what they make of its body may fail in its turn. */
  #show(
    plan: Plan,
    response: HttpResponse,
    request: HttpRequest | undefined,
    fields: Verdict['fields'],
  ): MaybePromise<HttpResponse> {
    if (this.#log.verbose) this.#remarks.tell(response, request);
    if (plan.interceptors.length === 0 || response.status === 101 || takeoverOf(response)) return response;
    const body = bodyOf(response);
    if (body instanceof StreamedBody && body.isEvents) body.isFixed = true;
    const intercept = (): MaybePromise<HttpResponse> => this.#intercept(plan, response, request);
    const whole = request === undefined ? intercept() : controls.inContext(request, intercept);
    const conclude = (last: HttpResponse): HttpResponse =>
      last === response ? last : completeResponse(last, plan.headers, fields);
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
  #begin(plan: Plan, response: HttpResponse, request: HttpRequest | undefined): MaybePromise<HttpResponse> {
    if (typeof bodyOf(response) === 'string' || isEventStream(response)) return response;
    try {
      const begun = awaitFirstChunk(response, request);
      return begun instanceof Promise
        ? begun.catch((thrown: unknown) => respondToError(thrown, plan.scope, request, this.#log))
        : begun;
    } catch (thrown) {
      return respondToError(thrown, plan.scope, request, this.#log);
    }
  }
}
