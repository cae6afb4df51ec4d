import type { IncomingMessage } from 'node:http';
import { DEFAULTS } from '../../defaults.ts';
import { AbortedError } from '../../errors/aborted-error.ts';
import { PayloadTooLargeError } from '../../errors/http-error.ts';
import type { BodySink, BodySource } from '../../request/body-source.ts';

/** How many bytes may come for each one of the body. */
const MOST_OVERHEAD = 16;

/** The body of a request on the node:http lane. */
export class MessageBody implements BodySource {
  readonly declaredBytes: number | undefined;
  readonly #message: IncomingMessage;
  /** Tells the client to go on, where it waits for that. */
  #invite: (() => void) | undefined;
  readonly #wireStart: number;
  #received = 0;
  #sink: BodySink | undefined;
  #failure: Error | undefined;

  constructor(message: IncomingMessage, declaredBytes: number | undefined, invite?: () => void) {
    this.#message = message;
    this.declaredBytes = declaredBytes;
    this.#invite = invite;
    this.#wireStart = message.socket.bytesRead;
  }

  /** The client waits for word before it sends the body, and may not send it at all without. */
  get isHeldBack(): boolean {
    return this.#invite !== undefined;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** How many bytes of it were read. */
  get receivedBytes(): number {
    return this.#received;
  }

  /** Whether every byte of it came. */
  get isComplete(): boolean {
    return this.#message.complete;
  }

  /** Whether somebody reads it and has to wait for the client. */
  get isAwaited(): boolean {
    return this.#sink !== undefined && !this.#message.complete && !this.#message.isPaused();
  }

  start(sink: BodySink): void {
    if (this.#failure !== undefined) {
      sink.fail(this.#failure);
      return;
    }
    this.#sink = sink;
    const message = this.#message;
    if (message.readableEnded || message.destroyed) {
      sink.fail(new AbortedError('The body of this request is no longer there.', 'ERR_PORTLIGHT_CLIENT_GONE'));
      return;
    }
    this.invite();
    message.on('data', (bytes: Buffer) => this.#take(bytes));
    message.on('end', () => this.#settle((open) => open.end()));
    message.on('error', () =>
      this.fail(new AbortedError('The client went away before its body was complete.', 'ERR_PORTLIGHT_CLIENT_GONE')),
    );
  }

  /** Tells the client to go on, where it waits for that. */
  invite(): void {
    this.#invite?.();
    this.#invite = undefined;
  }

  #take(bytes: Buffer): void {
    this.#received += bytes.byteLength;
    const onTheWire = this.#message.socket.bytesRead - this.#wireStart;
    // Chunks of a byte with an extension of a kilobyte each cost a thousand times what they bring.
    if (this.declaredBytes === undefined && onTheWire > DEFAULTS.maxDrainedBodyBytes + MOST_OVERHEAD * this.#received) {
      this.fail(new PayloadTooLargeError('The chunks of the body are far larger than what they hold.'));
      return;
    }
    this.#sink?.chunk(bytes);
  }

  pause(): void {
    this.#message.pause();
  }

  resume(): void {
    this.#message.resume();
  }

  /** Ends the body with an error: the parser refused the rest of it, or it did not come in time. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#settle((open) => open.fail(error));
  }

  #settle(tell: (sink: BodySink) => void): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (sink !== undefined) tell(sink);
  }
}
