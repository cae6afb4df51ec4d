import { DEFAULTS } from '../defaults.ts';
import type { LogHolder } from '../log.ts';

/**
 * One thing of a backplane that may fail with every request: told of once, until it works again. Of several that fail
 * together, the first that works again says so for all.
 */
export class Outage {
  readonly #log: LogHolder;
  readonly #sentence: string | (() => string);
  readonly #told: Set<Outage>;
  readonly #now: () => number;
  #isOn = false;
  #toldAt = -Infinity;
  /** Until what began soon after the last one is told of, if it lasts. */
  #late: NodeJS.Timeout | undefined;

  /**
   * @param sentence what it means
   * @param told those of the same backplane that are on and were told of
   * @param now a clock in ms that only goes on
   */
  constructor(
    log: LogHolder,
    sentence: string | (() => string),
    told: Set<Outage> = new Set(),
    now: () => number = () => performance.now(),
  ) {
    this.#log = log;
    this.#sentence = sentence;
    this.#told = told;
    this.#now = now;
  }

  /** It has failed. What comes and goes is told of now and then, what stays always. */
  begin(error: unknown): void {
    if (this.#isOn) return;
    this.#isOn = true;
    const waitMs = this.#toldAt + DEFAULTS.outageLogMs - this.#now();
    if (waitMs <= 0) this.#tell(error);
    else this.#late = setTimeout(() => this.#tell(error), waitMs).unref();
  }

  /** It has worked. */
  end(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    clearTimeout(this.#late);
    if (!this.#told.has(this)) return;
    this.#told.clear();
    this.#log.logger.info({}, 'What this server shares with others can be reached again.');
  }

  #tell(error: unknown): void {
    this.#toldAt = this.#now();
    this.#told.add(this);
    this.#log.logger.warn({ err: error }, typeof this.#sentence === 'string' ? this.#sentence : this.#sentence());
  }
}
