import type { LeaseLine } from '../../src/index.ts';

/** Two ends of a way within one process. What one callback tells arrives together, in a later turn of the loop. */
export function joinLines(onTell: (name: string) => void = () => {}): readonly [JoinedLine, JoinedLine] {
  const one = new JoinedLine(onTell);
  const other = new JoinedLine(onTell);
  one.other = other;
  other.other = one;
  return [one, other];
}

export class JoinedLine implements LeaseLine {
  other: JoinedLine | undefined;
  #isHeld = false;
  #isClosed = false;
  readonly handlers: Map<string, (data: unknown) => void> = new Map<string, (data: unknown) => void>();
  readonly #closed: (() => void)[] = [];
  #queue: { readonly name: string; readonly text: string }[] = [];

  readonly #onTell: (name: string) => void;

  constructor(onTell: (name: string) => void) {
    this.#onTell = onTell;
  }

  tell(name: string, data: unknown): void {
    if (this.#isClosed) return;
    this.#onTell(name);
    if (this.#queue.push({ name, text: JSON.stringify(data) }) === 1) setImmediate(() => this.#pass());
  }

  on(name: string, handler: (data: unknown) => void): void {
    this.handlers.set(name, handler);
  }

  onClosed(listener: () => void): void {
    this.#closed.push(listener);
  }

  /** The other side takes nothing until `release`. */
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
      for (const listener of this.#closed) listener();
      this.other?.close();
    });
  }

  #pass(): void {
    if (this.#isHeld) return;
    const queue = this.#queue;
    this.#queue = [];
    for (const { name, text } of queue) {
      const handler = this.other?.handlers.get(name);
      if (handler === undefined) throw new Error(`Nobody sees to ${name}.`);
      handler(JSON.parse(text));
    }
  }
}
