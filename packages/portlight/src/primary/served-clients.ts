import type { Client, ClientStore } from '../backplane/client-store.ts';
import type { MemoryClientStore } from '../backplane/memory-client-store.ts';
import { answerCalls } from './answer-calls.ts';
import type { Line } from './line.ts';

/** The end of the store of clients that one child has, where the primary answers for it. */
export class ServedClients {
  readonly #line: Line;
  readonly #store: MemoryClientStore;
  readonly #owner: string;
  readonly #end: ClientStore;
  #isConnected = false;

  constructor(line: Line, store: MemoryClientStore, owner: string) {
    this.#line = line;
    this.#store = store;
    this.#owner = owner;
    this.#end = store.end(owner);
    this.#serve(line, this.#end);
  }

  /** The child is there again, after a `close`. */
  open(): void {
    if (this.#isConnected) this.#end.connect({ lost: (clients) => this.#tellLost(clients) });
  }

  /** The child is gone, or listens no more. Resolves when another has heard of its clients, if any lives. */
  close(): Promise<void> {
    return this.#store.lose(this.#owner);
  }

  async #tellLost(clients: readonly Client[]): Promise<void> {
    await this.#line.call('clients.lost', clients);
  }

  #serve(line: Line, end: ClientStore): void {
    line.on('clients.connect', () => {
      this.#isConnected = true;
      this.open();
    });
    line.on('clients.note', (counts) => {
      for (const [id, requests] of counts as readonly (readonly [string, number])[]) this.#store.note(id, requests);
    });
    answerCalls(line, 'clients.has', (id: string) => end.has(id));
    answerCalls(line, 'clients.get', (id: string) => end.get(id));
    answerCalls(line, 'clients.list', () => end.list());
    answerCalls(line, 'clients.count', () => end.count());
    answerCalls(line, 'clients.reserve', (place: [string, string, number]) => end.reserve(...place));
    answerCalls(line, 'clients.commit', (id: string) => end.commit(id));
    answerCalls(line, 'clients.abort', (id: string) => end.abort(id));
    answerCalls(line, 'clients.remove', (id: string) => end.remove(id));
    answerCalls(line, 'clients.removeIdle', (idleMs: number) => end.removeIdle(idleMs));
    answerCalls(line, 'clients.removeOwn', () => end.removeOwn());
  }
}
