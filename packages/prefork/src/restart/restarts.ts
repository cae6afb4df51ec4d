import { RestartPolicy } from './restart-policy.ts';

const NOBODY_SERVES_MS = 1_000;

/** Starts those that come in the place of others, when they may. */
export class Restarts {
  readonly #policy: RestartPolicy = new RestartPolicy();
  /** With the time at which each is due, on the clock of `performance`. */
  readonly #timers: Map<NodeJS.Timeout, number> = new Map();
  #isOver = false;

  /** How many are to come. */
  get awaited(): number {
    return this.#timers.size;
  }

  /** A child is ready: what keeps children from starting is over. */
  ready(): void {
    this.#policy.ready();
  }

  /**
   * A child of a seat has failed.
   *
   * @param readyAt when it was ready, on the clock of `performance`; `undefined` when it never was
   * @param othersServe whether there is something to lose by giving up
   * @returns whether there is another one
   */
  failed(seat: number, readyAt: number | undefined, othersServe: boolean, start: () => void): boolean {
    const now = performance.now();
    const upMs = readyAt === undefined ? undefined : now - readyAt;
    const delayMs = this.#policy.failed(seat, upMs, now, othersServe);
    if (delayMs === 'give-up') return false;
    this.plan(othersServe || readyAt === undefined ? delayMs : this.#hurry(delayMs, now), start);
    return true;
  }

  plan(delayMs: number, start: () => void): void {
    if (this.#isOver) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      start();
    }, delayMs);
    this.#timers.set(timer, performance.now() + delayMs);
  }

  /** None comes any more. */
  end(): void {
    this.#isOver = true;
    for (const timer of this.#timers.keys()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** While nobody serves, one is to come within a second. */
  #hurry(delayMs: number, now: number): number {
    const isSoon = [...this.#timers.values()].some((dueAt) => dueAt - now <= NOBODY_SERVES_MS);
    return isSoon ? delayMs : Math.min(delayMs, NOBODY_SERVES_MS);
  }
}
