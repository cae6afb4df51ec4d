import type { LeaseLine } from '@portlight/rate-limit';

/** Two ends of a way between a child and its machine: what one end tells arrives as JSON, in a later turn. */
export function joinLines(): readonly [JoinedLine, JoinedLine] {
  const one = new JoinedLine();
  const other = new JoinedLine();
  one.other = other;
  other.other = one;
  return [one, other];
}

export class JoinedLine implements LeaseLine {
  other: JoinedLine | undefined;
  readonly #handlers: Map<string, (data: unknown) => void> = new Map();

  tell(name: string, data: unknown): void {
    const text = JSON.stringify(data);
    setImmediate(() => this.other?.hear(name, text));
  }

  hear(name: string, text: string): void {
    this.#handlers.get(name)?.(JSON.parse(text));
  }

  on(name: string, handler: (data: unknown) => void): void {
    this.#handlers.set(name, handler);
  }

  /** Nobody closes it. */
  onClosed(): void {}
}
