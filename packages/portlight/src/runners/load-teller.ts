import type { Primary } from '@portlight/prefork';
import { DEFAULTS } from '../defaults.ts';
import { MESSAGES } from './child-protocol.ts';

/** Tells the primary how many connections a child has: soon after a change, once for many. */
export class LoadTeller {
  readonly #primary: Primary;
  readonly #count: () => number;
  #told = 0;
  #isWaiting = false;

  /** @param count how many connections there are */
  constructor(primary: Primary, count: () => number) {
    this.#primary = primary;
    this.#count = count;
  }

  /** The primary is told so many otherwise. */
  noteTold(count: number): void {
    this.#told = count;
  }

  noteChange(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      const count = this.#count();
      if (count !== this.#told) this.#primary.link.tell(MESSAGES.load, count);
      this.#told = count;
    }, DEFAULTS.loadTellMs).unref();
  }
}
