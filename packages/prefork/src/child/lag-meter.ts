const SAMPLE_MS = 100;

/** By how much timers of this process are late: what a new request waits at most before anything sees it. */
export class LagMeter {
  #timer: NodeJS.Timeout | undefined;
  #largestMs = 0;
  #dueAt = 0;

  start(): void {
    this.#dueAt = performance.now() + SAMPLE_MS;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The largest since the last call, in whole milliseconds. */
  take(): number {
    const largest = Math.round(this.#largestMs);
    this.#largestMs = 0;
    return largest;
  }

  #sample(): void {
    const now = performance.now();
    this.#largestMs = Math.max(this.#largestMs, now - this.#dueAt);
    this.#dueAt = now + SAMPLE_MS;
  }
}
