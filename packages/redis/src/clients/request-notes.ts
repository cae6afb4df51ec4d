import { STEP } from './clients-script.ts';
import { toKeyText } from './key-text.ts';

/** Says to Redis how many requests came of clients. @param noted ids and counts, one after the other */
type Say = (noted: readonly (string | number)[]) => Promise<unknown>;

/** How late Redis hears of a request. */
const GATHER_MS = 1_000;
/** Clients of whose requests it has not heard; then it hears at once. */
const MAX_GATHERED = 1_000;
/** Clients of whom is kept that they were seen, while Redis cannot be reached. */
const MAX_KEPT = 100_000;

/**
 * The requests of connected clients that Redis has not heard of. What could not be said is said again as a client that
 * was seen, without its count: it may have been heard, and nothing is counted twice.
 */
export class RequestNotes {
  readonly #say: Say;
  readonly #onFailed: () => void;
  #unsaid: Map<string, number> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  /** Whether the last attempt has failed: then the timer alone makes another. */
  #isHeldUp = false;

  constructor(say: Say, onFailed: () => void) {
    this.#say = say;
    this.#onFailed = onFailed;
  }

  /** @param requests left out, one; who says a number has gathered them, and they do not wait any longer */
  note(id: string, requests: number | undefined): void {
    const earlier = this.#unsaid.get(id);
    if (earlier === undefined && this.#unsaid.size >= MAX_KEPT) return;
    this.#unsaid.set(id, (earlier ?? 0) + (requests ?? 1));
    if (this.#isHeldUp) return;
    if (this.#unsaid.size >= MAX_GATHERED) this.flush();
    else if (requests === undefined) this.#wait();
    else this.#soon ??= setImmediate(() => this.flush());
  }

  /** Says all that is not said, before a question whose answer depends on it. */
  flush(): void {
    if (!this.#isHeldUp) this.#sayAll();
  }

  /** Forgets all. */
  close(): void {
    this.#unsaid.clear();
    this.#stopWaiting();
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => this.#sayAll(), GATHER_MS).unref();
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = this.#soon = undefined;
  }

  #sayAll(): void {
    this.#stopWaiting();
    const noted = [...this.#unsaid];
    this.#unsaid = new Map();
    for (let first = 0; first < noted.length; first += STEP) void this.#sayStep(noted.slice(first, first + STEP));
  }

  /** Never rejects. */
  async #sayStep(noted: readonly (readonly [string, number])[]): Promise<void> {
    try {
      await this.#say(noted.flatMap(([id, requests]) => [toKeyText(id), requests]));
      this.#isHeldUp = false;
    } catch {
      this.#isHeldUp = true;
      for (const [id] of noted) if (this.#unsaid.size < MAX_KEPT) this.#unsaid.set(id, this.#unsaid.get(id) ?? 0);
      this.#onFailed();
      this.#wait();
    }
  }
}
