import type { FinishedExchange } from '../config/hooks.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import type { Pipeline } from '../pipeline.ts';
import type { HttpRequest } from '../request/http-request.ts';

/** What is observed. It says the rest of itself at its end. */
export interface Observed {
  /** `undefined` where there is none yet. */
  readonly observedRequest: HttpRequest | undefined;
  readonly method: string | undefined;
  readonly path: string | undefined;
  /** What was answered as an error. */
  readonly answeredError: Error | undefined;
  /** Why nobody waits for the answer any more. */
  readonly abortReason: Error | undefined;
}

type Kind = FinishedExchange['kind'];

/** Follows one exchange to its end: its last byte is handed to the kernel, or it is cut. Tells of that once. */
export class Observation {
  /** What has cut it; of an answer that began, and whose source failed. */
  failure: Error | undefined = undefined;
  /** The end of the connection is its own: others speak on it. */
  endsWithConnection = false;
  /** What a guest has answered in its own way is set later. */
  status: number | undefined = undefined;
  isOver = false;
  readonly #startedAt: number = performance.now();
  readonly #exchange: Observed;
  readonly #pipeline: Pipeline;
  #kind: Kind = 'http';
  /** Where the answer begins among the bytes that were written to the socket; -1 before it has. */
  #from = -1;

  constructor(exchange: Observed, pipeline: Pipeline) {
    this.#exchange = exchange;
    this.#pipeline = pipeline;
  }

  /** An answer is about to be written. @param from how many bytes the socket was given before */
  begin(kind: Kind, status: number, from: number): void {
    this.#kind = kind;
    this.status = status;
    this.#from = from;
  }

  /** The last byte of it was handed to the kernel. @param to how many bytes the socket was given by then */
  end(to: number): void {
    this.#conclude(to, false);
  }

  /** The channel is closed. */
  close(code: number, to: number): void {
    this.#conclude(to, code === WITHOUT_A_WORD, code);
  }

  /** The connection is gone. @param to how many of its bytes the kernel has taken */
  cut(to: number): void {
    this.#conclude(to, !this.endsWithConnection);
  }

  #conclude(to: number, isAborted: boolean, closeCode?: number): void {
    if (this.isOver) return;
    this.isOver = true;
    const { observedRequest: request, method, path, answeredError, abortReason } = this.#exchange;
    const kind = this.#kind;
    // A stream of events has no end of its own: where the client is gone, that was it.
    const isCut = isAborted || (kind === 'events' && abortReason !== undefined);
    const hasBegun = this.#from !== -1 && to > this.#from;
    this.#pipeline.finish({
      kind,
      request,
      method,
      path,
      route: request?.route,
      status: hasBegun ? this.status : undefined,
      durationMs: performance.now() - this.#startedAt,
      bytesSent: hasBegun ? to - this.#from : 0,
      isAborted: isCut,
      closeCode,
      error: isCut ? (this.failure ?? abortReason ?? clientGone()) : answeredError,
    });
  }
}

/** RFC 6455 §7.1.5. */
const WITHOUT_A_WORD = 1006;

function clientGone(): AbortedError {
  return new AbortedError('The client went away before the response was complete.', 'ERR_PORTLIGHT_CLIENT_GONE');
}
