import { MemoryRateLimitStore, type RateLimitStore } from '@portlight/rate-limit';
import { DEFAULTS } from '../defaults.ts';
import type { Backplane } from './backplane.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { MemoryTopics } from './memory-topics.ts';
import { MemoryValueStore } from './memory-value-store.ts';

/** What lies behind a backplane in memory, for any number of ends. */
export class MemoryStores {
  readonly limits: RateLimitStore = new MemoryRateLimitStore();
  readonly clients: MemoryClientStore;
  readonly topics: MemoryTopics;
  readonly values: MemoryValueStore;

  constructor(
    clients: MemoryClientStore = new MemoryClientStore(DEFAULTS.maxClients),
    topics: MemoryTopics = new MemoryTopics(),
    values: MemoryValueStore = new MemoryValueStore(DEFAULTS.maxValueBytes),
  ) {
    this.clients = clients;
    this.topics = topics;
    this.values = values;
  }

  /** The end of the process in which they are. @param owner a name that no other end has */
  end(owner: string): Backplane {
    const { limits, values } = this;
    const clients = this.clients.end(owner);
    return { limits, clients, bus: new MemoryBus(this.topics), values, open() {}, close() {} };
  }
}
