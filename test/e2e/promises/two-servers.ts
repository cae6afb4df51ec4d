import type { EventClient } from '../../../packages/portlight/test/support/event-client.ts';
import type { App, Clients } from './app.ts';
import type { Answer, Asking, Connection } from './connection.ts';
import type { Mode } from './modes.ts';
import type { Served } from './promised.ts';
import type { Socket } from './socket.ts';

/** Two servers that share a Redis, as one app: what asks once after the other asks the one and the other in turn. */
export class TwoServers implements Served {
  readonly #servers: readonly [App, App];
  #turns = 0;

  constructor(one: App, other: App) {
    this.#servers = [one, other];
  }

  get mode(): Mode {
    return this.#servers[0].mode;
  }

  get serving(): number {
    return 2 * this.mode.serving;
  }

  get port(): number {
    return this.#next().port;
  }

  ask(path: string, asking: Asking = {}): Promise<Answer> {
    return this.#next().ask(path, asking);
  }

  connections(): Promise<Clients<Connection>> {
    return this.#ofBoth((server) => server.connections());
  }

  sockets(): Promise<Clients<Socket>> {
    return this.#ofBoth((server) => server.sockets());
  }

  feed(path: string, headers: Readonly<Record<string, string>> = {}, elsewhereThan = 0): Promise<EventClient> {
    const [one, other] = this.#servers;
    const elsewhere = one.has(elsewhereThan) ? other : other.has(elsewhereThan) ? one : this.#next();
    return elsewhere.feed(path, headers);
  }

  async said(text: string | RegExp): Promise<unknown> {
    return Promise.race(this.#servers.map((server) => server.said(text)));
  }

  async linesByNow(text: string | RegExp): Promise<readonly string[]> {
    return (await Promise.all(this.#servers.map((server) => server.linesByNow(text)))).flat();
  }

  #next(): App {
    return this.#servers[this.#turns++ % 2] as App;
  }

  /** Those of the one and of the other in turn. */
  async #ofBoth<Client extends AsyncDisposable>(
    open: (server: App) => Promise<Clients<Client>>,
  ): Promise<Clients<Client>> {
    const [some, others] = (await Promise.all(this.#servers.map(open))) as [Clients<Client>, Clients<Client>];
    const all = Array.from({ length: Math.max(some.length, others.length) }, (_, index) => [
      some[index],
      others[index],
    ]);
    return Object.assign(all.flat().filter((client) => client !== undefined) as unknown as [Client, Client, Client], {
      async [Symbol.asyncDispose]() {
        await Promise.all([some, others].map((clients) => clients[Symbol.asyncDispose]()));
      },
    });
  }
}
