import { DEFAULTS } from '../defaults.ts';
import type { LogHolder } from '../log.ts';

/**
 * Logs connections that could not be accepted. A shortage lasts, and every client who knocks meanwhile is an error: one
 * line tells of many.
 */
export class AcceptErrors {
  readonly #log: LogHolder;
  readonly #countOpen: () => number;
  /** Since one was logged. */
  #untold = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param countOpen how many are open */
  constructor(log: LogHolder, countOpen: () => number) {
    this.#log = log;
    this.#countOpen = countOpen;
  }

  tell(error: Error): void {
    const now = performance.now();
    this.#untold += 1;
    if (now - this.#toldAt < DEFAULTS.acceptErrorLogMs) return;
    this.#log.logger.error(
      { err: error, times: this.#untold, connections: this.#countOpen() },
      'A connection could not be accepted.',
    );
    this.#untold = 0;
    this.#toldAt = now;
  }
}
