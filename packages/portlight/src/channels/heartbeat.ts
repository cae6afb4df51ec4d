/** What is looked at now and then while it is open. */
export interface Beating {
  /** @param now in ms, of a clock that only goes on */
  beat(now: number): void;
}

/**
 * One timer for all channels and streams: it finds those whose client has gone silent, and keeps the others from
 * looking so.
 */
export class Heartbeat {
  readonly #beating: Set<Beating> = new Set();
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  add(each: Beating): void {
    this.#beating.add(each);
    this.#timer ??= setInterval(() => this.#beat(performance.now()), this.#intervalMs).unref();
  }

  delete(each: Beating): void {
    this.#beating.delete(each);
    if (this.#beating.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(now: number): void {
    for (const each of this.#beating) each.beat(now);
  }
}
