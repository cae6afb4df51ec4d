import type { Admission, Seat, Shortage } from '../../src/backplane/admission.ts';
import { MemoryAdmission } from '../../src/backplane/memory-admission.ts';

/** An admission that counts its seats, and may let everybody wait for an answer. */
export class WatchedAdmission implements Admission {
  /** Seats that were given. */
  given = 0;
  /** Seats that somebody sits on. */
  sitting = 0;
  readonly #memory: MemoryAdmission;
  readonly #wait: (() => Promise<unknown>) | undefined;

  /** @param wait what an answer waits for; without it, answers are there at once */
  constructor(wait?: () => Promise<unknown>, max = 1_000, maxPerAddress = 1_000) {
    this.#memory = new MemoryAdmission(max, maxPerAddress);
    this.#wait = wait;
  }

  reserve(address: string): Seat | Shortage | Promise<Seat | Shortage> {
    return this.#wait === undefined ? this.#give(address) : this.#wait().then(() => this.#give(address));
  }

  #give(address: string): Seat | Shortage {
    const seat = this.#memory.reserve(address);
    if (typeof seat === 'string') return seat;
    this.given += 1;
    this.sitting += 1;
    let isTaken = true;
    return {
      release: () => {
        if (isTaken) this.sitting -= 1;
        isTaken = false;
        seat.release();
      },
    };
  }
}
