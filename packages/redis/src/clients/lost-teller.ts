import { randomUUID } from 'node:crypto';
import type { Client, ClientWatcher } from 'portlight';
import { readClients } from './read-clients.ts';

/** What it asks of Redis. */
export interface UntoldClients {
  /**
   * Some of whose end an owner shall be told, behind a token; the same again until it says that token.
   *
   * @param done the token of what it has heard, or the empty text
   * @returns nothing where there are none
   */
  tell(owner: string, done: string, fresh: string): Promise<readonly unknown[]>;
  /** The owner does not hear of them; somebody else may. */
  refuse(owner: string): Promise<unknown>;
}

/** Tells the processes of this machine of clients whose process is gone: one after the other, until one has heard. */
export class LostTeller {
  readonly #untold: UntoldClients;
  readonly #watchers: Map<string, ClientWatcher> = new Map();
  /** Those that are being told. */
  readonly #telling: Map<string, Promise<boolean>> = new Map();
  /** What each has heard last, which Redis may not know. */
  readonly #done: Map<string, string> = new Map();
  #isClosed = true;

  constructor(untold: UntoldClients) {
    this.#untold = untold;
  }

  get owners(): readonly string[] {
    return [...this.#watchers.keys()];
  }

  open(): void {
    this.#isClosed = false;
  }

  /** Nobody is told any more. */
  close(): void {
    this.#isClosed = true;
  }

  add(owner: string, watcher: ClientWatcher): void {
    this.delete(owner);
    this.#watchers.set(owner, watcher);
  }

  /** It is gone, and is waited for no longer. */
  delete(owner: string): void {
    this.#watchers.delete(owner);
    this.#telling.delete(owner);
    this.#done.delete(owner);
  }

  /** Whether there is nobody to tell, or one is being told. */
  get isBusy(): boolean {
    return this.#watchers.size === 0 || this.#telling.size > 0;
  }

  /** Tells what is untold. Resolves when one has heard all of it, all have refused, or Redis fails. Never rejects. */
  async tell(): Promise<void> {
    const refused = new Set<ClientWatcher>();
    while (!this.#isClosed) {
      // The latest comer: the first may be the primary of the others, which has other work.
      const [owner, watcher] = [...this.#watchers].findLast(([, each]) => !refused.has(each)) ?? [];
      if (owner === undefined || watcher === undefined) return;
      const underWay = this.#telling.get(owner);
      const telling = underWay ?? this.#tellOne(owner, watcher);
      this.#telling.set(owner, telling);
      const hasHeard = await telling;
      if (this.#telling.get(owner) === telling) this.#telling.delete(owner);
      // What was under way may have looked before there was what this call is about.
      if (hasHeard && underWay === undefined) return;
      if (!hasHeard) refused.add(watcher);
    }
  }

  /** @returns whether nothing is left to tell it */
  async #tellOne(owner: string, watcher: ClientWatcher): Promise<boolean> {
    try {
      while (!this.#isClosed) {
        const fresh = randomUUID();
        const [token, ...clients] = await this.#untold.tell(owner, this.#done.get(owner) ?? '', fresh);
        if (token === undefined || this.#watchers.get(owner) !== watcher) return true;
        const hasHeard = await hears(watcher, readClients(clients));
        if (this.#watchers.get(owner) !== watcher) return true;
        if (!hasHeard) {
          await this.#untold.refuse(owner);
          return false;
        }
        this.#done.set(owner, token as string);
      }
    } catch {
      // It is tried again in a second.
    }
    return true;
  }
}

async function hears(watcher: ClientWatcher, clients: readonly Client[]): Promise<boolean> {
  try {
    await watcher.lost(clients);
    return true;
  } catch {
    return false;
  }
}
