import type { Logger } from 'portlight';
import type { GuestHost, GuestTopic } from 'portlight/guests';
import type { BusAdapter } from './bus-adapter.ts';

/** The adapters of all namespaces of one Socket.IO server, as far as they speak with those of other processes. */
export class Cluster {
  readonly #host: GuestHost;
  readonly #prefix: string;
  readonly #adapters: () => readonly BusAdapter[];
  /** What this process is to the others: nothing before its start, one that only asks, or one that has sockets. */
  #part: 'none' | 'asking' | 'serving' = 'none';

  /**
   * @param path that of the Socket.IO server, which tells it from others
   * @param adapters those of all namespaces that there are; called from the start of the server on
   */
  constructor(host: GuestHost, path: string, adapters: () => readonly BusAdapter[]) {
    this.#host = host;
    this.#prefix = `socket.io ${path}`;
    this.#adapters = adapters;
  }

  get isAlone(): boolean {
    return this.#host.isAlone;
  }

  get log(): Logger {
    return this.#host.log;
  }

  topic(name: string): GuestTopic {
    return this.#host.topic(`${this.#prefix}${name}`);
  }

  /** Resolves when all adapters hear the others, or the backplane is out of reach: then they will. */
  async open(part: 'asking' | 'serving'): Promise<void> {
    this.#part = part;
    await Promise.all(this.#adapters().map((adapter) => this.join(adapter)));
  }

  /** What is joined later than the server starts joins at once. */
  async join(adapter: BusAdapter): Promise<void> {
    if (this.#part !== 'none' && !this.isAlone) await adapter.join(this.#part === 'serving');
  }

  close(): void {
    for (const adapter of this.#adapters()) this.leave(adapter);
    this.#part = 'none';
  }

  leave(adapter: BusAdapter): void {
    if (this.#part !== 'none' && !this.isAlone) void adapter.leave();
  }
}
