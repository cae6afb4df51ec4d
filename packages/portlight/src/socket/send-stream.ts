import type { Socket } from 'node:net';
import type { Chunk } from '../response/body-stream.ts';
import type { StreamedBody } from '../response/streamed-body.ts';

/** What a streamed body is written to; node:http's `ServerResponse` is one. */
export interface StreamTarget {
  /** Whether a head was set; then no other can take its place. */
  readonly headersSent: boolean;
  /** Sends the head by itself, where no chunk goes with it. */
  flushHeaders(): void;
  /** `false`: the client does not take it as fast, and `drain` follows when it did. */
  write(chunk: Chunk): boolean;
  on(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** A source that always has the next chunk, and a client that always takes it, must not keep all others waiting. */
const CHUNKS_IN_A_ROW = 64;

/**
 * Writes a streamed body as fast as the client takes it. Does not end `to`. The head leaves with the first chunk; one
 * without bytes sends the head by itself.
 *
 * @param writeHead called before the first byte; not at all when the source fails at its first step
 * @param socket what the bytes leave by; a queued response learns of its end only there
 * @param lengthBytes how long the body must be, where its length was announced
 * @throws what the source throws; the reason for which it was given up, that the client went away for example;
 *   `ReplyError` on a body of another length than announced, or one that the app has read
 */
export async function sendStream(
  body: StreamedBody,
  to: StreamTarget,
  writeHead: () => void,
  socket: Socket,
  lengthBytes: number | undefined,
): Promise<void> {
  const gate = new Gate(to, socket);
  let chunks = 0;
  try {
    body.assertUnread();
    body.announce(lengthBytes);
    for (let step = await body.next(); ; step = await body.next()) {
      if (!to.headersSent) writeHead();
      if (step.done === true) return;
      if (step.value.length === 0) to.flushHeaders();
      else if (!to.write(step.value)) await gate.drained();
      else if (++chunks % CHUNKS_IN_A_ROW === 0) await breathe();
    }
  } catch (error) {
    body.cancel(error as Error);
    throw error;
  } finally {
    gate.leave();
  }
}

/** Where a source waits for its client, until it has taken what was written, or is gone. */
class Gate {
  readonly #to: StreamTarget;
  readonly #socket: Socket;
  #wake: () => void = () => {};
  #isGone = false;

  constructor(to: StreamTarget, socket: Socket) {
    this.#to = to;
    this.#socket = socket;
    socket.once('close', this.#onClose);
    to.on('drain', this.#onDrain);
  }

  /**
   * A socket that is destroyed tells of its close only when the loop has turned: until then there is nothing to do but
   * wait.
   */
  async drained(): Promise<void> {
    if (!this.#isGone) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  leave(): void {
    this.#socket.off('close', this.#onClose);
    this.#to.off('drain', this.#onDrain);
  }

  readonly #onDrain = (): void => this.#wake();

  readonly #onClose = (): void => {
    this.#isGone = true;
    this.#wake();
  };
}

/** Resolves when everything else that is ready to run has run. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
