import type { LeaseLine } from '@portlight/rate-limit';

/** Two ends of a line within this process. What one end tells the other one hears at once. */
export function ownLine(): readonly [OwnEnd, OwnEnd] {
  const one = new OwnEnd();
  const other = new OwnEnd();
  one.other = other;
  other.other = one;
  return [one, other];
}

class OwnEnd implements LeaseLine {
  other: OwnEnd | undefined;
  readonly #handlers: Map<string, (data: unknown) => void> = new Map();

  tell(name: string, data: unknown): void {
    this.other?.hear(name, data);
  }

  hear(name: string, data: unknown): void {
    this.#handlers.get(name)?.(data);
  }

  on(name: string, handler: (data: unknown) => void): void {
    this.#handlers.set(name, handler);
  }

  /** It never is. */
  onClosed(): void {}
}
