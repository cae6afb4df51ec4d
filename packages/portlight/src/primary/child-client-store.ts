import type { ClientStore, ClientWatcher, Reservation } from '../backplane/client-store.ts';
import type { Client } from '../server-view.ts';
import { DEFAULTS } from '../defaults.ts';
import type { Line } from './line.ts';

/** The clients as a child has them: they are in the primary, which hears of many requests at once. */
export class ChildClientStore implements ClientStore {
  readonly #line: Line;
  /** How many requests came that the primary has not heard of, by client. */
  #unsaid: Map<string, number> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  connect(watcher: ClientWatcher): void {
    this.#line.answer('clients.lost', async (clients) => {
      await watcher.lost(clients as readonly Client[]);
    });
    this.#line.tell('clients.connect');
  }

  noteRequest(id: string, requests = 1): void {
    this.#unsaid.set(id, (this.#unsaid.get(id) ?? 0) + requests);
    if (this.#unsaid.size >= DEFAULTS.maxUnsaidClients) this.#say();
    else this.#timer ??= setTimeout(() => this.#say(), DEFAULTS.noteRequestsMs).unref();
  }

  has(id: string): Promise<boolean> {
    return this.#ask('has', id);
  }

  get(id: string): Promise<Client | undefined> {
    return this.#ask('get', id);
  }

  list(): Promise<readonly Client[]> {
    return this.#ask('list');
  }

  count(): Promise<number> {
    return this.#ask('count');
  }

  reserve(id: string, address: string, ttlMs: number): Promise<Reservation> {
    return this.#ask('reserve', [id, address, ttlMs]);
  }

  commit(id: string): Promise<Client | undefined> {
    return this.#ask('commit', id);
  }

  abort(id: string): Promise<void> {
    return this.#ask('abort', id);
  }

  remove(id: string): Promise<Client | undefined> {
    return this.#ask('remove', id);
  }

  removeIdle(idleMs: number): Promise<readonly Client[]> {
    return this.#ask('removeIdle', idleMs);
  }

  removeOwn(): Promise<readonly Client[]> {
    return this.#ask('removeOwn');
  }

  /** What was noted is said before it: the answer may depend on it. */
  async #ask<Answer>(question: string, data?: unknown): Promise<Answer> {
    this.#say();
    return (await this.#line.call(`clients.${question}`, data)).data as Answer;
  }

  #say(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unsaid.size === 0) return;
    this.#line.tell('clients.note', [...this.#unsaid]);
    this.#unsaid = new Map();
  }
}
