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
  #isOpen = true;
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
    this.#isOpen = true;
    if (this.#isConnected) this.#end.connect({ lost: (clients) => this.#tellLost(clients) });
  }

  /** The child is gone, or listens no more. Resolves when another has heard of its clients, if any lives. */
  close(): Promise<void> {
    this.#isOpen = false;
    return this.#store.lose(this.#owner);
  }

  async #tellLost(clients: readonly Client[]): Promise<void> {
    await this.#line.call('clients.lost', clients);
  }

  #serve(line: Line, end: ClientStore): void {
    line.on('clients.connect', () => {
      this.#isConnected = true;
      if (this.#isOpen) this.open();
    });
    line.on('clients.note', (counts) => {
      for (const [id, requests] of counts as readonly (readonly [string, number])[]) this.#store.note(id, requests);
    });
    this.#answer('clients.has', (id: string) => end.has(id));
    this.#answer('clients.get', (id: string) => end.get(id));
    this.#answer('clients.list', () => end.list());
    this.#answer('clients.count', () => end.count());
    this.#answer('clients.reserve', (place: [string, string, number]) => end.reserve(...place));
    this.#answer('clients.commit', (id: string) => end.commit(id));
    this.#answer('clients.abort', (id: string) => end.abort(id));
    this.#answer('clients.remove', (id: string) => end.remove(id));
    this.#answer('clients.removeIdle', (idleMs: number) => end.removeIdle(idleMs));
    this.#answer('clients.removeOwn', () => end.removeOwn());
  }

  /** Nobody would take away what is connected after a `close`. */
  #answer(name: string, answer: (question: never) => unknown): void {
    answerCalls(this.#line, name, (question: never) => {
      if (!this.#isOpen) throw new Error('The primary takes this process for gone.');
      return answer(question);
    });
  }
}
