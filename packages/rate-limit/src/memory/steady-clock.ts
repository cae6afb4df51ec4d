/** About a microsecond. */
const STEPS_PER_MS = 1_024;

/** A clock that never goes back: should its source do so, time stands still until that is there again. */
export class SteadyClock {
  readonly #source: () => number;
  #now = Number.NEGATIVE_INFINITY;

  constructor(source: () => number) {
    this.#source = source;
  }

  /**
   * The time in ms, in steps that binary fractions hold exactly: else a window, added and taken away again, comes out a
   * little shorter.
   */
  read(): number {
    const exact = Math.floor(this.#source() * STEPS_PER_MS) / STEPS_PER_MS;
    if (exact > this.#now) this.#now = exact;
    return this.#now;
  }
}
