import { DEFAULTS } from '../defaults.ts';

/** What a pulse does about a client from which nothing comes. */
export interface PulseActions {
  ping(): void;
  cut(): void;
}

/** Whether the client of one channel lives: asks it by a ping when it is silent, and has it cut when it stays so. */
export class Pulse {
  readonly #heartbeatMs: number;
  readonly #actions: PulseActions;
  /** Something came since it was last looked at. */
  #isAlive = true;
  #aliveAt = 0;
  #pingedAt: number | undefined;

  constructor(heartbeatMs: number, actions: PulseActions) {
    this.#heartbeatMs = heartbeatMs;
    this.#actions = actions;
  }

  /** Something came from the client. */
  note(): void {
    this.#isAlive = true;
  }

  /** @param now in ms, of a clock that only goes on */
  beat(now: number): void {
    if (this.#isAlive) {
      this.#isAlive = false;
      this.#aliveAt = now;
      this.#pingedAt = undefined;
    } else if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt >= DEFAULTS.pongTimeoutMs) this.#cutIfSilent();
    } else if (now - this.#aliveAt >= this.#heartbeatMs) {
      this.#pingedAt = now;
      this.#actions.ping();
    }
  }

  /**
   * Where the process itself was blocked, the answer may have come and is not yet read. Immediates run after reading.
   */
  #cutIfSilent(): void {
    setImmediate(() => {
      if (!this.#isAlive) this.#actions.cut();
    });
  }
}
