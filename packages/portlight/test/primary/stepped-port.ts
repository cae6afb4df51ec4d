import type { Port, PortListener } from '@portlight/prefork';

/** One end of a way between two processes in one, on which nothing moves by itself. */
export class SteppedPort implements Port {
  readonly #waiting: Buffer[] = [];
  #other: SteppedPort | undefined;
  #listener: PortListener | undefined;

  /** Both ends of one way. */
  static join(): readonly [SteppedPort, SteppedPort] {
    const [one, other] = [new SteppedPort(), new SteppedPort()];
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  get pendingBytes(): number {
    return this.#waiting.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  listen(listener: PortListener): void {
    this.#listener = listener;
  }

  write(parts: readonly Uint8Array[]): void {
    this.#waiting.push(Buffer.concat(parts));
  }

  /** What was written at once arrives at the other end. */
  step(): void {
    const bytes = this.#waiting.shift();
    if (bytes === undefined) return;
    const listener = this.#other === undefined ? undefined : this.#other.#listener;
    listener?.received(bytes);
    this.#listener?.drained();
  }

  close(): void {
    this.#listener?.closed();
  }
}
