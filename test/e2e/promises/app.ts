import { EventClient } from '../../../packages/portlight/test/support/event-client.ts';
import { RunningProgram } from '../run-program.ts';
import { type Answer, type Asking, Connection } from './connection.ts';
import type { Mode } from './modes.ts';
import type { Served } from './promised.ts';
import { Socket } from './socket.ts';

/** So many clients at once for each process come to all of them, however unequally they are shared out. */
const MANY = 60;

/** What `fixtures/promises.mjs` is started with. */
export interface AppArguments {
  readonly address?: string;
  readonly port?: number;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether a route is registered that throws. */
  readonly isWrong?: boolean;
}

/** Clients that leave with their block. */
export type Clients<Client> = readonly [Client, Client, Client, ...Client[]] & AsyncDisposable;

interface OnAProcess extends AsyncDisposable {
  readonly process: number;
}

/** The app of `fixtures/promises.mjs`, which serves in a mode. Killed when its block is left. */
export class App implements Served, AsyncDisposable {
  readonly mode: Mode;
  readonly program: RunningProgram;
  port = 0;
  /** The pids of those that are known to serve it. */
  readonly #processes: Set<number> = new Set();

  /** Starts it, and does not wait until it listens. */
  constructor(mode: Mode, args: AppArguments = {}) {
    this.mode = mode;
    const { children, options, redis } = mode;
    const told = { mode: mode.name, children, redis, ...args, options: { ...options, ...args.options } };
    this.program = new RunningProgram(
      ['fixtures/promises.mjs', JSON.stringify(told)],
      {},
      { isGroup: mode.hasChildren },
    );
  }

  static async start(mode: Mode, args: AppArguments = {}): Promise<App> {
    const app = new App(mode, args);
    app.port = Number((await app.program.said(/listening (\d+)/))[1]);
    return app;
  }

  get serving(): number {
    return this.mode.serving;
  }

  /** Whether it is known that this process serves it. */
  has(process: number): boolean {
    return this.#processes.has(process);
  }

  async ask(path: string, asking: Asking = {}): Promise<Answer> {
    await using connection = new Connection(this.port);
    return await connection.ask(path, asking);
  }

  connections(): Promise<Clients<Connection>> {
    return this.#toEachProcess(async () => {
      const connection = new Connection(this.port);
      await connection.ask('/process');
      return connection;
    });
  }

  sockets(): Promise<Clients<Socket>> {
    return this.#toEachProcess(() => Socket.open(this.port));
  }

  async feed(path: string, headers: Readonly<Record<string, string>> = {}, elsewhereThan = 0): Promise<EventClient> {
    for (;;) {
      const feed = await EventClient.open(this.port, path, headers);
      const process = Number(feed.headers['x-process']);
      this.#processes.add(process);
      if (this.mode.serving === 1 || process !== elsewhereThan) return feed;
      await feed[Symbol.asyncDispose]();
    }
  }

  said(text: string | RegExp): Promise<unknown> {
    return this.program.said(text);
  }

  /** The lines on stdout that say it. */
  lines(text: string | RegExp): readonly string[] {
    return this.program.output.split('\n').filter((line) => line.match(text) !== null);
  }

  async linesByNow(text: string | RegExp): Promise<readonly string[]> {
    const fence = `fence-${String(Math.random()).slice(2)}`;
    await this.ask(`/say/${fence}`);
    await this.program.said(fence);
    return this.lines(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }

  async #toEachProcess<Client extends OnAProcess>(open: () => Promise<Client>): Promise<Clients<Client>> {
    const { serving, several, isOneEach } = this.mode;
    const first: Client[] = [];
    const others: Client[] = [];
    const reached = new Set<number>();
    while (reached.size < serving || first.length + others.length < several) {
      const more = await Promise.all(Array.from({ length: isOneEach ? serving : several * serving }, open));
      for (const client of more) {
        (reached.has(client.process) ? others : first).push(client);
        reached.add(client.process);
        this.#processes.add(client.process);
      }
      // While a process is not there yet, say.
      if (others.length > MANY * serving) await leave(others.splice(0));
    }
    const kept = [...first, ...others.splice(0, Math.max(several - first.length, 0))];
    await leave(others);
    return Object.assign(kept as [Client, Client, Client], {
      [Symbol.asyncDispose]: () => leave(kept),
    });
  }
}

async function leave(clients: readonly AsyncDisposable[]): Promise<void> {
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
}
