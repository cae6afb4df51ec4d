import type { ControlListener, ControlPort } from './control-port.ts';

/** Two ends of a way for messages within one process. As between processes, what arrives is a copy, in a later turn. */
export function joinControlPorts(): readonly [JoinedControlPort, JoinedControlPort] {
  const one = new JoinedControlPort();
  const other = new JoinedControlPort();
  one.join(other);
  other.join(one);
  return [one, other];
}

/** A port of a test. */
export class JoinedControlPort implements ControlPort {
  #isOpen = true;
  #other: JoinedControlPort | undefined;
  #listener: ControlListener | undefined;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  join(other: JoinedControlPort): void {
    this.#other = other;
  }

  listen(listener: ControlListener): void {
    this.#listener = listener;
  }

  write(message: object, handle: object | undefined, done: (isWritten: boolean) => void): void {
    const text = JSON.stringify(message);
    setImmediate(() => {
      this.#other?.receive(JSON.parse(text), handle);
      done(this.#isOpen);
    });
  }

  receive(message: unknown, handle: object | undefined): void {
    if (this.#isOpen) this.#listener?.received(message, handle);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    setImmediate(() => {
      this.#listener?.closed();
      this.#other?.close();
    });
  }
}
