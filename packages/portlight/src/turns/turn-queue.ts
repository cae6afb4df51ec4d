import type { Turn } from './turns.ts';

/** One who waits, in a list of both directions: anybody may leave at any time, and a queue may be long. */
interface Waiter {
  before: Waiter;
  after: Waiter;
  /** Whether it has not had its turn yet. */
  readonly isNew: boolean;
  /** Whether it is among those that {@link TurnQueue.size} tells of. */
  readonly isCounted: boolean;
  readonly take: () => void;
}

/** Who asks for a turn. */
interface Asker {
  /** How long it may keep it; `0` is for ever. */
  readonly limitMs: number;
  /** Whether the size of the queue tells of it while it waits; default `true`. */
  readonly isCounted?: boolean;
  /** When it aborts, nobody waits any longer. */
  readonly signal?: AbortSignal;
  /** Told when the turn is taken away, as it was not given back in time. */
  readonly onOverdue?: (limitMs: number) => void;
}

/** Who waits for a turn: one has it at a time, in the order of the calls. */
export class TurnQueue {
  /** Before the first and after the last. */
  readonly #ends: Waiter = toRing();
  #size = 0;
  #isTaken = false;

  /** Whether it is somebody's turn. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** How many wait for their first turn, of those that count. */
  get size(): number {
    return this.#size;
  }

  /**
   * Resolves when it is the caller's turn.
   *
   * @throws the reason of the signal
   */
  ask(asker: Asker): Promise<Turn> {
    const { signal } = asker;
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (!this.#isTaken) {
      this.#isTaken = true;
      return Promise.resolve(this.#begin(asker));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#remove(waiter);
        reject(signal?.reason as Error);
      };
      const waiter = this.#insert(this.#ends.before, { isNew: true, isCounted: asker.isCounted !== false }, () => {
        signal?.removeEventListener('abort', leave);
        resolve(this.#begin(asker));
      });
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #begin({ limitMs, onOverdue }: Asker): Turn {
    let isOver = false;
    let isPaused = false;
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      if (!isPaused) this.#next();
    };
    const expire = (): void => {
      onOverdue?.(limitMs);
      end();
    };
    const take = (): void => {
      isPaused = false;
      // It was ended meanwhile.
      if (isOver) this.#next();
      else if (limitMs > 0) timer = setTimeout(expire, limitMs).unref();
    };
    take();
    return {
      end,
      pause: () => {
        if (isOver || isPaused) return;
        isPaused = true;
        clearTimeout(timer);
        this.#next();
      },
      resume: () => (isOver || !isPaused ? Promise.resolve() : this.#retake(take)),
    };
  }

  /** For one who has waited before: only those who have too go before it. */
  #retake(take: () => void): Promise<void> {
    if (!this.#isTaken) {
      this.#isTaken = true;
      take();
      return Promise.resolve();
    }
    let before = this.#ends;
    while (!before.after.isNew && before.after !== this.#ends) before = before.after;
    return new Promise((resolve) => {
      this.#insert(before, { isNew: false, isCounted: false }, () => {
        take();
        resolve();
      });
    });
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

  #insert(before: Waiter, kind: Pick<Waiter, 'isNew' | 'isCounted'>, take: () => void): Waiter {
    const waiter = { before, after: before.after, ...kind, take };
    before.after.before = waiter;
    before.after = waiter;
    if (waiter.isCounted) this.#size++;
    return waiter;
  }

  #remove({ before, after, isCounted }: Waiter): void {
    before.after = after;
    after.before = before;
    if (isCounted) this.#size--;
  }
}

function toRing(): Waiter {
  const ends = { isNew: false, isCounted: false, take: () => undefined } as unknown as Waiter;
  ends.before = ends;
  ends.after = ends;
  return ends;
}
