import { DEFAULTS } from '../defaults.ts';
import { ServiceUnavailableError } from '../errors/http-error.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { discardBody } from '../response/replace-body.ts';

type MaybePromise<T> = T | Promise<T>;

/** A middleware or the core of a route that is under way. */
interface Step {
  /** Answers in its place; until it has to be waited for, there is nothing to answer. */
  resolve: ((response: MaybePromise<HttpResponse>) => void) | undefined;
  isCut: boolean;
}

/**
 * The limit of time for a request's middleware and handler together.
 *
 * When it is over, `request.signal` aborts and the innermost step under way is answered 503 in its place, so that the
 * middleware around it sees that response and can do with it what it does with others. Who then takes longer than
 * `deadlineGraceMs` is passed over: the whole is answered 503. What a step brings after it was answered for is
 * discarded.
 */
export class Deadline {
  readonly #limitMs: number;
  readonly #request: HttpRequest;
  readonly #onError: (thrown: unknown) => MaybePromise<HttpResponse>;
  readonly #onLate: () => void;
  /** Those under way, the outermost first. */
  readonly #steps: Step[] = [];
  /** What the last step that ended has made: it is in the hands of the one around it. */
  #made: HttpResponse | undefined;
  #timer: NodeJS.Timeout | undefined;
  #late: ServiceUnavailableError | undefined;

  /**
   * @param onError makes the response of an error; neither throws nor rejects
   * @param onLate called once, when the time is over
   */
  constructor(
    limitMs: number,
    request: HttpRequest,
    onError: (thrown: unknown) => MaybePromise<HttpResponse>,
    onLate: () => void,
  ) {
    this.#limitMs = limitMs;
    this.#request = request;
    this.#onError = onError;
    this.#onLate = onLate;
  }

  /**
   * The response of a step, or what it is answered in its place. A step is run within the one around it; none is begun
   * too late.
   */
  run(begin: () => MaybePromise<HttpResponse>): MaybePromise<HttpResponse> {
    if (this.#late !== undefined) return this.#onError(this.#late);
    const step: Step = { resolve: undefined, isCut: false };
    this.#steps.push(step);
    const response = begin();
    if (!(response instanceof Promise)) {
      this.#end(step, response);
      return response;
    }
    if (this.#timer === undefined) this.#begin();
    return new Promise((resolve) => {
      step.resolve = resolve;
      void response.then((value) => {
        if (step.isCut) return discardBody(value, this.#late as Error);
        this.#end(step, value);
        resolve(value);
      });
    });
  }

  /** A handler that nobody waits for keeps no process alive. */
  #begin(): void {
    this.#timer = setTimeout(() => this.#expire(), this.#limitMs);
    controls.onAbort(this.#request, () => this.#timer?.unref());
  }

  #end(step: Step, made: HttpResponse | undefined): void {
    this.#made = made;
    this.#steps.splice(this.#steps.indexOf(step), 1);
    if (this.#steps.length === 0) clearTimeout(this.#timer);
  }

  #expire(): void {
    this.#late = new ServiceUnavailableError(`The handler took longer than ${this.#limitMs} ms.`, {
      code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT',
    });
    this.#onLate();
    controls.abort(this.#request, this.#late);
    this.#cut(this.#steps.at(-1));
    if (this.#steps.length > 0) this.#timer = setTimeout(() => this.#cut(this.#steps[0]), DEFAULTS.deadlineGraceMs);
  }

  #cut(step: Step | undefined): void {
    if (step === undefined) return;
    step.isCut = true;
    if (this.#made !== undefined) discardBody(this.#made, this.#late as Error);
    this.#end(step, undefined);
    step.resolve?.(this.#onError(this.#late));
  }
}
