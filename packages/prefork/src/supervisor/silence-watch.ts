/** What is watched. Whoever hears from it sets `silentMs` to 0. */
export interface Watched {
  silentMs: number;
}

/** Longest time between two looks. */
const LOOK_EVERY_MS = 1_000;

/**
 * Finds out who has said nothing for too long.
 *
 * Only time in which this process itself could hear counts: a look that comes late, because the event loop was blocked
 * or the process stopped, counts no more than one that is not.
 */
export class SilenceWatch<T extends Watched> {
  readonly #limitMs: number;
  readonly #everyMs: number;
  readonly #watched: () => Iterable<T>;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;

  constructor(limitMs: number, watched: () => Iterable<T>) {
    this.#limitMs = limitMs;
    this.#everyMs = Math.min(LOOK_EVERY_MS, limitMs / 4);
    this.#watched = watched;
  }

  start(onSilent: (silent: T) => void): void {
    if (this.#limitMs === Infinity) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(onSilent), this.#everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(onSilent: (silent: T) => void): void {
    const now = performance.now();
    const countedMs = Math.min(now - this.#lookedAt, this.#everyMs * 1.5);
    this.#lookedAt = now;
    for (const watched of this.#watched()) {
      watched.silentMs += countedMs;
      if (watched.silentMs >= this.#limitMs) onSilent(watched);
    }
  }
}
