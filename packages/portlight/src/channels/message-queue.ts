import { DEFAULTS } from '../defaults.ts';

/** Messages of one client that wait for its handler, in their order. */
export class MessageQueue {
  readonly #maxBytes: number;
  #messages: (string | Buffer)[] = [];
  #bytes = 0;

  /** @param maxBytes how much may wait; the last message may go beyond it */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Whether nothing more is to be read from the client before some of it is handled. */
  get isFull(): boolean {
    return this.#messages.length >= DEFAULTS.maxWaitingMessages || this.#bytes >= this.#maxBytes;
  }

  push(message: string | Buffer): void {
    this.#messages.push(message);
    this.#bytes += Buffer.byteLength(message);
  }

  shift(): string | Buffer | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.#bytes -= Buffer.byteLength(message);
    return message;
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }
}
