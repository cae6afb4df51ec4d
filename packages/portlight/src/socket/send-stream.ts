import type { Socket } from 'node:net';
import { AbortedError } from '../errors/aborted-error.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { type BodyStream, type Chunk, type ChunkReader, openStream } from '../response/body-stream.ts';

/** What a streamed body is written to; node:http's `ServerResponse` is one. */
export interface StreamTarget {
  /** Whether a head was set; then no other can take its place. */
  readonly headersSent: boolean;
  /** Sends the head now rather than with the first chunk. */
  flushHeaders(): void;
  /** `false`: the client does not take it as fast, and `drain` follows when it did. */
  write(chunk: Chunk): boolean;
  on(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** A source that always has the next chunk, and a client that always takes it, must not keep all others waiting. */
const CHUNKS_IN_A_ROW = 64;

/**
 * Writes a streamed body as fast as the client takes it. Does not end `to`.
 *
 * @param writeHead called before the first byte; not at all when the source fails at its first step
 * @param socket what the bytes leave by; a queued response learns of its end only there
 * @param lengthBytes how long the body must be, where its length was announced
 * @throws what the source throws; `ReplyError` on a chunk that is neither text nor bytes, or a body of another length
 * than announced; `AbortedError` when the client goes away, after the source was told
 */
export async function sendStream(body: BodyStream, to: StreamTarget, writeHead: () => void, socket: Socket, lengthBytes: number | undefined): Promise<void> {
  const reader = openStream(body);
  const gate = new Gate(to, socket, reader);
  // A source that takes its time must not keep the head from the client; one that does not shall leave with it.
  const flush = setImmediate(() => {
    writeHead();
    to.flushHeaders();
  });
  let sentBytes = 0;
  let chunks = 0;
  try {
    let step = await gate.next();
    clearImmediate(flush);
    if (step.done !== true) assertChunk(step.value);
    if (!to.headersSent) writeHead();
    for (; step.done !== true; step = await gate.next()) {
      const chunk = assertChunk(step.value);
      sentBytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength;
      if (lengthBytes !== undefined && sentBytes > lengthBytes) throw wrongLength(lengthBytes, sentBytes);
      if (!to.write(chunk)) await gate.drained();
      else if (++chunks % CHUNKS_IN_A_ROW === 0) await gate.breathe();
    }
    if (lengthBytes !== undefined && sentBytes !== lengthBytes) throw wrongLength(lengthBytes, sentBytes);
  } catch (error) {
    reader.cancel(error as Error);
    throw error;
  } finally {
    clearImmediate(flush);
    gate.leave();
  }
}

/** Stands between a source and a client, and wakes whoever waits for one of them when the client goes away. */
class Gate {
  readonly #to: StreamTarget;
  readonly #socket: Socket;
  readonly #reader: ChunkReader;
  #gone: AbortedError | undefined;
  #wake: () => void = () => {};

  constructor(to: StreamTarget, socket: Socket, reader: ChunkReader) {
    this.#to = to;
    this.#socket = socket;
    this.#reader = reader;
    if (socket.destroyed) this.#onClose();
    else socket.once('close', this.#onClose);
    to.on('drain', this.#onDrain);
  }

  /** @throws {AbortedError} when the client is gone */
  async next(): Promise<IteratorResult<unknown, unknown>> {
    const step = await this.#reader.next();
    if (this.#gone !== undefined) throw this.#gone;
    return step;
  }

  /** Resolves when the client has taken what was written, or is gone. */
  async drained(): Promise<void> {
    if (this.#gone === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** Resolves when everything else that is ready to run has run. */
  breathe(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  leave(): void {
    this.#socket.off('close', this.#onClose);
    this.#to.off('drain', this.#onDrain);
  }

  readonly #onDrain = (): void => this.#wake();

  readonly #onClose = (): void => {
    this.#gone = new AbortedError('The client went away before the response was complete.', 'ERR_PORTLIGHT_CLIENT_GONE');
    this.#reader.cancel(this.#gone);
    this.#wake();
  };
}

/** @throws {ReplyError} */
function assertChunk(value: unknown): Chunk {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new ReplyError(`A streamed body is made of strings and bytes; it gave a chunk of type ${value === null ? 'null' : typeof value}.`);
}

function wrongLength(announced: number, sent: number): ReplyError {
  return new ReplyError(`The streamed body has ${sent > announced ? 'more' : 'fewer'} bytes than the ${announced} of its Content-Length.`);
}
