/** Takes the body of one request as it arrives. After `end` or `fail` nothing more is called. */
export interface BodySink {
  chunk(bytes: Uint8Array): void;
  end(): void;
  fail(error: Error): void;
}

/**
 * Whether a request brings a body (RFC 9112 §6.3): chunks, or a length that is not 0.
 *
 * @param declaredBytes what Content-Length says; `undefined` or -1 where there is none
 */
export function bringsBody(declaredBytes: number | undefined, isChunked: boolean): boolean {
  return isChunked || (declaredBytes !== undefined && declaredBytes > 0);
}

/**
 * Where the bytes of one request's body come from: the contract between a lane and the core, which knows no socket.
 *
 * Nothing is read before `start`, which is called at most once; calls to the sink may begin within it.
 */
export interface BodySource {
  /** What Content-Length says, in bytes, or `undefined` for a body of unknown length. */
  readonly declaredBytes: number | undefined;
  /** The body, where all of it is there already; then nobody needs to `start`. */
  readonly whole?: Uint8Array;
  /** Why it will not be complete, where that is known. */
  readonly failure?: Error | undefined;
  start(sink: BodySink): void;
  /** Asks the client to wait. A chunk that is under way may still come. */
  pause(): void;
  resume(): void;
}
