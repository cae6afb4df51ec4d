import type { Lease } from './lease-book.ts';
import { MESSAGES } from './lease-messages.ts';
import type { Loop } from './loop.ts';

/** Asks for leases back, and tells when a holder did not answer in time. */
export class Recalls {
  readonly #loop: Loop;
  readonly #patienceMs: number;
  readonly #onSilence: () => void;
  /** Those that were asked for, in the order of time. */
  #open: Lease[] = [];
  #isWaiting = false;

  constructor(loop: Loop, patienceMs: number, onSilence: () => void) {
    this.#loop = loop;
    this.#patienceMs = patienceMs;
    this.#onSilence = onSilence;
  }

  /** @returns whether there is one that may still come back */
  ask(leases: readonly Lease[]): boolean {
    let isOpen = false;
    for (const lease of leases) {
      if (lease.holder.isSilent) continue;
      isOpen = true;
      if (lease.recalledAt !== undefined) continue;
      lease.recalledAt = this.#loop.now();
      lease.holder.line.tell(MESSAGES.recall, [lease.id, lease.policy, lease.key]);
      this.#open.push(lease);
      this.#wait();
    }
    return isOpen;
  }

  #wait(): void {
    if (this.#isWaiting || this.#open.length === 0) return;
    this.#isWaiting = true;
    const [first] = this.#open;
    const ms = (first?.recalledAt ?? 0) + this.#patienceMs - this.#loop.now();
    this.#loop.later(() => this.#giveUp(), Math.max(1, Math.ceil(ms)));
  }

  /** Who has not answered by then is silent. */
  #giveUp(): void {
    this.#isWaiting = false;
    const before = this.#loop.now() - this.#patienceMs;
    this.#open = this.#open.filter((lease) => {
      if (lease.isOver || (lease.recalledAt ?? 0) > before) return !lease.isOver;
      lease.holder.isSilent = true;
      lease.recalledAt = undefined;
      return false;
    });
    this.#wait();
    this.#onSilence();
  }
}
