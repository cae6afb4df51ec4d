import type { Turn } from './turns.ts';

/** One who waits, in a list of both directions: anybody may leave at any time, and a queue may be long. */
interface Waiter {
  before: Waiter;
  after: Waiter;
  readonly take: () => void;
}

/** Who waits for a turn: one has it at a time, in the order of the calls. */
export class TurnQueue {
  readonly #onOverdue: (limitMs: number) => void;
  /** Before the first and after the last. */
  readonly #ends: Waiter = toRing();
  #size = 0;
  #isTaken = false;

  /** @param onOverdue called when a turn is taken from who has not given it back in time */
  constructor(onOverdue: (limitMs: number) => void) {
    this.#onOverdue = onOverdue;
  }

  /** Whether it is somebody's turn. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** How many wait, beside the one whose turn it is. */
  get size(): number {
    return this.#size;
  }

  /**
   * Resolves when it is the caller's turn.
   *
   * @param limitMs how long it may keep it; `0` is for ever
   * @param signal when it aborts, the caller waits no longer
   * @throws the reason of the signal
   */
  ask(limitMs: number, signal?: AbortSignal): Promise<Turn> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (!this.#isTaken) {
      this.#isTaken = true;
      return Promise.resolve(this.#begin(limitMs));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#remove(waiter);
        reject(signal?.reason as Error);
      };
      const waiter = this.#append(() => {
        signal?.removeEventListener('abort', leave);
        resolve(this.#begin(limitMs));
      });
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #begin(limitMs: number): Turn {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.#next();
    };
    const expire = (): void => {
      this.#onOverdue(limitMs);
      end();
    };
    const timer = limitMs > 0 ? setTimeout(expire, limitMs).unref() : undefined;
    return { end };
  }

  #next(): void {
    const first = this.#ends.after;
    if (first === this.#ends) {
      this.#isTaken = false;
      return;
    }
    this.#remove(first);
    first.take();
  }

  #append(take: () => void): Waiter {
    const last = this.#ends.before;
    const waiter = { before: last, after: this.#ends, take };
    last.after = waiter;
    this.#ends.before = waiter;
    this.#size++;
    return waiter;
  }

  #remove({ before, after }: Waiter): void {
    before.after = after;
    after.before = before;
    this.#size--;
  }
}

function toRing(): Waiter {
  const ends = { take: () => undefined } as unknown as Waiter;
  ends.before = ends;
  ends.after = ends;
  return ends;
}
