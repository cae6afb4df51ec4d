import { DEFAULTS } from '../defaults.ts';
import { HttpError, ServiceUnavailableError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import { TurnQueue } from './turn-queue.ts';
import type { Turn, Turns } from './turns.ts';

/** What a request may take beyond its time: the 503 in place of its handler, then an error handler or interceptor. */
const GRACE_MS = DEFAULTS.deadlineGraceMs + DEFAULTS.replyTimeoutMs;

/**
 * One at a time, in the order in which requests and messages have come. A body that is small comes before the turn of
 * its request, so that a slow client keeps nobody else waiting; what is left of a larger one comes within it.
 */
export class OneAtATime implements Turns {
  #queue: TurnQueue = new TurnQueue();
  readonly #maxQueued: number;
  readonly #timeoutMs: number;
  readonly #log: LogHolder;

  /**
   * @param maxQueued requests that may wait
   * @param timeoutMs what a handler of a channel has; `0` is no limit
   */
  constructor(maxQueued: number, timeoutMs: number, log: LogHolder) {
    this.#maxQueued = maxQueued;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
  }

  ofRequest(request: HttpRequest, timeoutMs: number, mayReceive: boolean): Promise<Turn> | undefined {
    // Who gets none anyway has not to send a body for it.
    if (this.#isFull) return Promise.reject(tooMany());
    const received = mayReceive ? controls.receiveBody(request, DEFAULTS.maxEarlyBodyBytes) : undefined;
    return received === undefined ? this.#ask(request, timeoutMs) : received.then(() => this.#ask(request, timeoutMs));
  }

  ofChannel(onOverdue: (limitMs: number) => void): Promise<Turn> {
    return this.#queue.ask({ limitMs: this.#timeoutMs, isCounted: false, onOverdue });
  }

  renew(): void {
    this.#queue = new TurnQueue();
  }

  get #isFull(): boolean {
    return this.#queue.size >= this.#maxQueued && this.#queue.isTaken;
  }

  #ask(request: HttpRequest, timeoutMs: number): Promise<Turn> {
    if (this.#isFull) return Promise.reject(tooMany());
    const limitMs = timeoutMs === 0 ? 0 : timeoutMs + GRACE_MS;
    const onOverdue = (): void => this.#tellOverdue(request, limitMs);
    return this.#queue.ask({ limitMs, signal: request.signal, onOverdue }).catch((cause: unknown) => {
      throw whyLeft(request, cause);
    });
  }

  #tellOverdue({ method, path }: HttpRequest, limitMs: number): void {
    this.#log.logger.error(
      { method, path, limitMs },
      'A request took too long; others have their turn while it goes on.',
    );
  }
}

const LATER = { expose: true, headers: { 'retry-after': '1' } };

/** What a client that left the queue is told, if it has only closed its side. */
function whyLeft(request: HttpRequest, cause: unknown): HttpError {
  const { failure } = controls.payload(request);
  if (failure instanceof HttpError) return failure;
  return new ServiceUnavailableError('The client did not wait for its turn.', { cause, ...LATER });
}

function tooMany(): ServiceUnavailableError {
  return new ServiceUnavailableError('Too many requests wait for their turn.', LATER);
}
