import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'portlight';
import { OUTCOME_MS } from './clients-script.ts';
import { readClients } from './read-clients.ts';

/** Runs an operation of the script. */
type Run = (operation: string, ...args: readonly string[]) => Promise<unknown>;

/** What one step of a removal has come to. */
interface Step {
  /** How much it has gone through; nothing is left where that is nothing. */
  readonly count: number;
  readonly clients: readonly Client[];
}

/** Between two questions what has become of a removal. */
const RECALL_MS = 250;
/** Removals that are asked for again at a time, at most. */
const MAX_RECALLED = 1_000;

/**
 * Removals of clients, each of which is told to one caller. Where the reply of Redis is lost, it is asked what has
 * become of the removal, for five minutes; who waits for it waits as long, or no longer, as it likes.
 */
export class Removals {
  readonly #run: Run;
  readonly #forget: (token: string) => void;
  readonly #onFailed: () => void;
  #recalled = 0;
  #isClosed = false;

  /**
   * @param forget called when the outcome of a removal is known, with its token
   * @param onFailed called when Redis did not answer
   */
  constructor(run: Run, forget: (token: string) => void, onFailed: () => void) {
    this.#run = run;
    this.#forget = forget;
    this.#onFailed = onFailed;
  }

  open(): void {
    this.#isClosed = false;
  }

  /** Nothing is asked for again. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * One step.
   *
   * @throws when it has not taken place, and does not any more; or when that cannot be known
   */
  async step(operation: string, ...args: readonly string[]): Promise<Step> {
    const token = randomUUID();
    const reply = await this.#runOnce(token, operation, args);
    const [count, ...clients] = reply;
    if (clients.length > 0) this.#forget(token);
    return { count: Number(count), clients: readClients(clients) };
  }

  /** Steps until nothing is left, or one fails behind others that have not. */
  async all(operation: string, ...args: readonly string[]): Promise<readonly Client[]> {
    const removed: Client[] = [];
    try {
      for (;;) {
        const { count, clients } = await this.step(operation, ...args);
        removed.push(...clients);
        if (count === 0) return removed;
      }
    } catch (error) {
      if (removed.length === 0) throw error;
      return removed;
    }
  }

  async #runOnce(token: string, operation: string, args: readonly string[]): Promise<readonly unknown[]> {
    try {
      return (await this.#run(operation, token, ...args)) as readonly unknown[];
    } catch (error) {
      this.#onFailed();
      if (isUnsent(error) || this.#recalled >= MAX_RECALLED) throw error;
      this.#recalled++;
      const outcome = await this.#recall(token).finally(() => this.#recalled--);
      if (outcome === undefined || outcome.length <= 1) throw error;
      return outcome;
    }
  }

  async #recall(token: string): Promise<readonly unknown[] | undefined> {
    const giveUpAt = performance.now() + OUTCOME_MS;
    while (!this.#isClosed && performance.now() < giveUpAt) {
      try {
        return (await this.#run('recall', token)) as readonly unknown[];
      } catch {
        await delay(RECALL_MS, undefined, { ref: false });
      }
    }
    return undefined;
  }
}

/** Whether Redis cannot have got it. */
function isUnsent(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ERR_PORTLIGHT_BACKPLANE_UNREACHABLE';
}
