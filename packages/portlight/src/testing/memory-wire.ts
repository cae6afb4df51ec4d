import type { OutgoingMessage } from '../channels/frame.ts';
import type { MessageWire, WireListener } from '../channels/message-wire.ts';

/** What the client of a {@link MemoryWire} is told. */
export interface WireClient {
  message(data: string | Buffer): void;
  closed(code: number, reason: string): void;
}

/** A wire without a socket: what one side writes, the other has at once. */
export class MemoryWire implements MessageWire {
  readonly bufferedBytes = 0;
  readonly isGathering = false;
  readonly #client: WireClient;
  readonly #held: (string | Buffer)[] = [];
  #listener: WireListener | undefined;
  #isPaused = false;
  #isClosed = false;

  constructor(client: WireClient) {
    this.#client = client;
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  listen(listener: WireListener): void {
    this.#listener = listener;
  }

  write(messages: readonly OutgoingMessage[]): void {
    for (const { kind, payload } of messages) this.#client.message(kind === 'text' ? payload.toString() : payload);
  }

  ping(): void {
    this.#listener?.alive();
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.closed(code, reason);
    queueMicrotask(() => this.#listener?.closed(code, reason));
  }

  /** The client closes. */
  leave(code: number, reason: string): void {
    if (!this.#isClosed) this.#listener?.closing(true);
    this.close(code, reason);
  }

  terminate(): void {
    this.close(1006, '');
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (let data = this.#held.shift(); data !== undefined && !this.#isPaused; data = this.#held.shift())
      this.#listener?.message(data);
  }

  /** The client sends. */
  receive(data: string | Buffer): void {
    if (this.#isClosed) return;
    this.#listener?.alive();
    if (this.#isPaused) this.#held.push(data);
    else this.#listener?.message(data);
  }
}
