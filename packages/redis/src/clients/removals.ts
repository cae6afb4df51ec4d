import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'portlight';
import { RECALL_FOR_MS } from './clients-script.ts';
import { readClients } from './read-clients.ts';

/** What it asks of Redis, for one end of this machine, the owner. */
export interface RemovedClients {
  /** Removes some, under a name of the removal, the token. @returns how much it has gone through, and the clients */
  remove(owner: string, operation: string, token: string, argument: string): Promise<readonly unknown[]>;
  /** What has become of a removal whose answer was lost. If nothing has, nothing does any more. */
  recall(owner: string, token: string): Promise<readonly unknown[]>;
  /** The owner has heard what has become of it: nobody else is told. */
  acknowledge(owner: string, token: string): Promise<unknown>;
}

/** What one step of a removal has come to. */
interface Step {
  /** How much it has gone through; nothing is left where that is nothing. */
  readonly count: number;
  readonly clients: readonly Client[];
}

/** Until something that had no answer is asked again. */
const RECALL_MS = 250;
/** What is asked again at a time, at most. */
const MAX_INSISTING = 1_000;

/**
 * Removals of clients, each of which is told to one caller. Where the reply of Redis is lost, it is asked what has
 * become of the removal, for five minutes; who waits for it waits as long, or no longer, as it likes. What is not
 * acknowledged when its owner is gone is told to others.
 */
export class Removals {
  readonly #removed: RemovedClients;
  readonly #onFailed: () => void;
  #insisting = 0;
  /** By owner, what ends its removals. */
  readonly #ends: Map<string, AbortController> = new Map();
  #isClosed = false;

  /** @param onFailed called when Redis did not answer */
  constructor(removed: RemovedClients, onFailed: () => void) {
    this.#removed = removed;
    this.#onFailed = onFailed;
  }

  open(): void {
    this.#isClosed = false;
  }

  /** All owners are gone. */
  close(): void {
    this.#isClosed = true;
    for (const owner of this.#ends.keys()) this.leave(owner);
  }

  /** An owner is gone. What was not answered by now is told to others: it rejects, also where an answer still comes. */
  leave(owner: string): void {
    this.#ends.get(owner)?.abort(leftToOthers());
    this.#ends.delete(owner);
  }

  /**
   * One step.
   *
   * @throws when it has not taken place, and does not any more; when that cannot be known, or its owner is gone
   */
  async step(owner: string, operation: string, argument: string = ''): Promise<Step> {
    const signal = this.#endOf(owner);
    const token = randomUUID();
    const [count, ...clients] = await this.#remove(owner, operation, token, argument, signal);
    signal.throwIfAborted();
    if (clients.length > 0) void this.#acknowledge(owner, token, signal);
    return { count: Number(count), clients: readClients(clients) };
  }

  /** Steps until nothing is left, or one fails behind others that have not. */
  async all(owner: string, operation: string, argument?: string): Promise<readonly Client[]> {
    const removed: Client[] = [];
    try {
      for (;;) {
        const { count, clients } = await this.step(owner, operation, argument);
        removed.push(...clients);
        if (count === 0) return removed;
      }
    } catch (error) {
      if (removed.length === 0) throw error;
      return removed;
    }
  }

  #endOf(owner: string): AbortSignal {
    if (this.#isClosed) throw leftToOthers();
    const end = this.#ends.get(owner) ?? new AbortController();
    this.#ends.set(owner, end);
    return end.signal;
  }

  async #remove(
    owner: string,
    operation: string,
    token: string,
    argument: string,
    signal: AbortSignal,
  ): Promise<readonly unknown[]> {
    try {
      return await this.#removed.remove(owner, operation, token, argument);
    } catch (error) {
      this.#onFailed();
      if (isUnsent(error)) throw error;
      const outcome = await this.#insist(() => this.#removed.recall(owner, token), signal);
      if (outcome === undefined || outcome.length <= 1) throw error;
      return outcome;
    }
  }

  /** Never rejects. The first time it is on its way before anything else can be asked. */
  async #acknowledge(owner: string, token: string, signal: AbortSignal): Promise<void> {
    const acknowledge = (): Promise<unknown> => this.#removed.acknowledge(owner, token);
    await acknowledge().catch(() => this.#insist(acknowledge, signal));
  }

  /** Asks until there is an answer, and no longer than that makes sense. Never rejects. */
  async #insist<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
    if (this.#insisting >= MAX_INSISTING) return undefined;
    this.#insisting++;
    try {
      const giveUpAt = performance.now() + RECALL_FOR_MS;
      while (!signal.aborted && performance.now() < giveUpAt) {
        try {
          return await ask();
        } catch {
          await delay(RECALL_MS, undefined, { ref: false, signal }).catch(() => undefined);
        }
      }
      return undefined;
    } finally {
      this.#insisting--;
    }
  }
}

function leftToOthers(): Error {
  return new Error('The clients of this process are left to others.');
}

/** Whether Redis cannot have got it. */
function isUnsent(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ERR_PORTLIGHT_BACKPLANE_UNREACHABLE';
}
