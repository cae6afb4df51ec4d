import type { BusReceiver, PassedMessage } from '../backplane/bus.ts';

/**
 * Hands on what arrives at a child. Answers reach who waits for them a little after messages that came with them. So an
 * interruption, and all that arrives behind it, waits until the answers before it are where they belong.
 */
export class Arrivals {
  readonly #receiver: BusReceiver;
  /** What came behind an interruption, that one included. */
  #waiting: (() => void)[] | undefined;

  constructor(receiver: BusReceiver) {
    this.#receiver = receiver;
  }

  receive(message: PassedMessage): void {
    if (this.#waiting === undefined) this.#receiver.receive(message);
    else this.#waiting.push(() => this.#receiver.receive(message));
  }

  interrupt(): void {
    if (this.#waiting === undefined) setImmediate(() => this.#pass());
    this.#waiting ??= [];
    this.#waiting.push(() => this.#receiver.interrupted());
  }

  #pass(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const pass of waiting) pass();
  }
}
