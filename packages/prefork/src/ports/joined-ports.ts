import type { Port, PortListener } from './port.ts';

/** Two ends of a way within one process, each byte of which arrives in a later turn of the loop. */
export function joinPorts(): readonly [JoinedPort, JoinedPort] {
  const one = new JoinedPort();
  const other = new JoinedPort();
  one.join(other);
  other.join(one);
  return [one, other];
}

/** A port of a test. What the other side has not taken yet waits here. */
export class JoinedPort implements Port {
  #other: JoinedPort | undefined;
  #listener: PortListener | undefined;
  #queue: Buffer[] = [];
  #isHeld = false;
  #isClosed = false;

  get pendingBytes(): number {
    return this.#queue.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  join(other: JoinedPort): void {
    this.#other = other;
  }

  listen(listener: PortListener): void {
    this.#listener = listener;
  }

  write(parts: readonly Uint8Array[]): void {
    if (this.#isClosed) return;
    this.#queue.push(Buffer.concat(parts));
    if (!this.#isHeld) setImmediate(() => this.#pass());
  }

  /** The other side takes nothing until `release`: it is stopped, or busy. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    setImmediate(() => this.#pass());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    setImmediate(() => {
      this.#pass();
      this.#listener?.closed();
      this.#other?.close();
    });
  }

  #pass(): void {
    if (this.#isHeld || this.#queue.length === 0) return;
    const queue = this.#queue;
    this.#queue = [];
    for (const bytes of queue) this.#other?.receive(bytes);
    this.#listener?.drained();
  }

  receive(bytes: Buffer): void {
    this.#listener?.received(bytes);
  }
}
