import { LeaseCounter, type LeaseLine, MemoryRateLimitStore } from '@portlight/rate-limit';
import { DEFAULTS } from '../defaults.ts';
import type { Backplane } from './backplane.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { MemoryTopics } from './memory-topics.ts';
import { MemoryValueStore } from './memory-value-store.ts';
import type { SharedStores, StoresEnd } from './shared-stores.ts';

/** What lies behind a backplane in memory, for any number of ends. */
export class MemoryStores implements SharedStores {
  readonly clients: MemoryClientStore;
  readonly topics: MemoryTopics;
  readonly values: MemoryValueStore;
  /** Of the other processes alone: the one that counts for them answers no requests. */
  readonly #counter: LeaseCounter = new LeaseCounter();

  constructor(
    clients: MemoryClientStore = new MemoryClientStore(DEFAULTS.maxClients),
    topics: MemoryTopics = new MemoryTopics(),
    values: MemoryValueStore = new MemoryValueStore(DEFAULTS.maxValueBytes),
  ) {
    this.clients = clients;
    this.topics = topics;
    this.values = values;
  }

  attach(line: LeaseLine): void {
    this.#counter.attach(line);
  }

  end(owner: string): StoresEnd {
    const bus = new MemoryBus(this.topics, (message) => message);
    const lose = async (): Promise<void> => {
      bus.disconnect();
      await this.clients.lose(owner);
    };
    return { clients: this.clients.end(owner), bus, values: this.values, lose };
  }

  bequeath(owner: string, heir: string): void {
    this.clients.bequeath(owner, heir);
  }

  /** What the process has in which they are. @param owner a name that no end has */
  own(owner: string): Backplane {
    const clients = this.clients.end(owner);
    const bus = new MemoryBus(this.topics);
    return { limits: new MemoryRateLimitStore(), clients, bus, values: this.values, open() {}, close() {} };
  }
}
