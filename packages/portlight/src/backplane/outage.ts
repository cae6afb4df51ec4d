import { DEFAULTS } from '../defaults.ts';
import type { LogHolder } from '../log.ts';

/** One thing of a backplane that may fail with every request: told of once, until it works again. */
export class Outage {
  readonly #log: LogHolder;
  readonly #sentence: string | (() => string);
  readonly #now: () => number;
  #isOn = false;
  #toldAt = -Infinity;
  #isTold = false;

  /**
   * @param sentence what it means
   * @param now a clock in ms that only goes on
   */
  constructor(log: LogHolder, sentence: string | (() => string), now: () => number = () => performance.now()) {
    this.#log = log;
    this.#sentence = sentence;
    this.#now = now;
  }

  /** It has failed. What comes and goes is told of now and then. */
  begin(error: unknown): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#isTold = this.#now() - this.#toldAt >= DEFAULTS.outageLogMs;
    if (!this.#isTold) return;
    this.#toldAt = this.#now();
    this.#log.logger.warn({ err: error }, typeof this.#sentence === 'string' ? this.#sentence : this.#sentence());
  }

  /** It has worked. */
  end(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    if (this.#isTold) this.#log.logger.info({}, 'What this server shares with others can be reached again.');
  }
}
