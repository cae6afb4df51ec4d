import type { ClientStore } from '../backplane/client-store.ts';
import type { Client } from '../server-view.ts';
import { answerCalls } from './answer-calls.ts';
import type { Line } from './line.ts';

/** The end of the store of clients that one child has, where the primary answers for it. */
export class ServedClients {
  readonly #line: Line;
  #end: ClientStore | undefined;
  #isConnected = false;

  constructor(line: Line) {
    this.#line = line;
    this.#serve();
  }

  /** The child is there, for the first time or again. @param end what it has */
  open(end: ClientStore): void {
    this.#end = end;
    if (this.#isConnected) this.#connect(end);
  }

  /** The child is gone, or listens no more: nobody would take away what it connects. */
  close(): void {
    this.#end = undefined;
  }

  #connect(end: ClientStore): void {
    end.connect({ lost: (clients) => this.#tellLost(clients) });
  }

  async #tellLost(clients: readonly Client[]): Promise<void> {
    await this.#line.call('clients.lost', clients);
  }

  #serve(): void {
    const line = this.#line;
    line.on('clients.connect', () => {
      this.#isConnected = true;
      if (this.#end !== undefined) this.#connect(this.#end);
    });
    line.on('clients.note', (counts) => {
      for (const [id, requests] of counts as readonly (readonly [string, number])[])
        this.#end?.noteRequest(id, requests);
    });
    this.#answer('clients.has', (end, id: string) => end.has(id));
    this.#answer('clients.get', (end, id: string) => end.get(id));
    this.#answer('clients.list', (end) => end.list());
    this.#answer('clients.count', (end) => end.count());
    this.#answer('clients.reserve', (end, place: [string, string, number]) => end.reserve(...place));
    this.#answer('clients.commit', (end, id: string) => end.commit(id));
    this.#answer('clients.abort', (end, id: string) => end.abort(id));
    this.#answer('clients.remove', (end, id: string) => end.remove(id));
    this.#answer('clients.removeIdle', (end, idleMs: number) => end.removeIdle(idleMs));
    this.#answer('clients.removeOwn', (end) => end.removeOwn());
  }

  #answer(name: string, answer: (end: ClientStore, question: never) => unknown): void {
    answerCalls(this.#line, name, (question: never) => {
      if (this.#end === undefined) throw new Error('The primary takes this process for gone.');
      return answer(this.#end, question);
    });
  }
}
