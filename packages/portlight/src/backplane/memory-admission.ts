import { addressKey } from '@portlight/rate-limit';
import type { Admission, Seat, Shortage } from './admission.ts';

/** Counts in the memory of this process: every answer is there at once. */
export class MemoryAdmission implements Admission {
  readonly #max: number;
  readonly #maxPerAddress: number;
  /** Seats that are taken, by address; only where an address has fewer of them than all have. */
  readonly #perAddress: Map<string, number> | undefined;
  #taken = 0;

  constructor(max: number, maxPerAddress: number) {
    this.#max = max;
    this.#maxPerAddress = maxPerAddress;
    this.#perAddress = maxPerAddress < max ? new Map() : undefined;
  }

  reserve(address: string): Seat | Shortage {
    if (this.#taken >= this.#max) return 'all';
    const key = this.#perAddress === undefined ? '' : addressKey(address);
    if (key !== '') {
      const taken = this.#perAddress?.get(key) ?? 0;
      if (taken >= this.#maxPerAddress) return 'address';
      this.#perAddress?.set(key, taken + 1);
    }
    this.#taken += 1;
    return new MemorySeat(this, key);
  }

  /** Called by a seat, once. @param key of whom it was counted for, `''` for nobody */
  free(key: string): void {
    this.#taken -= 1;
    if (key === '') return;
    const left = (this.#perAddress?.get(key) ?? 1) - 1;
    if (left === 0) this.#perAddress?.delete(key);
    else this.#perAddress?.set(key, left);
  }
}

class MemorySeat implements Seat {
  #admission: MemoryAdmission | undefined;
  readonly #key: string;

  constructor(admission: MemoryAdmission, key: string) {
    this.#admission = admission;
    this.#key = key;
  }

  release(): void {
    const admission = this.#admission;
    this.#admission = undefined;
    admission?.free(this.#key);
  }
}
