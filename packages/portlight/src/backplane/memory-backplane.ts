import type { RateLimitStore } from '@portlight/rate-limit';
import type { Backplane } from './backplane.ts';
import type { Bus } from './bus.ts';
import type { ClientStore } from './client-store.ts';
import { MemoryStores } from './memory-stores.ts';
import type { ValueStore } from './value-store.ts';

/** What a process that is alone shares with nobody: every answer is there at once. */
export class MemoryBackplane implements Backplane {
  readonly limits: RateLimitStore;
  readonly clients: ClientStore;
  readonly bus: Bus;
  readonly values: ValueStore;

  constructor() {
    const { limits, clients, bus, values } = new MemoryStores().own('this process');
    this.limits = limits;
    this.clients = clients;
    this.bus = bus;
    this.values = values;
  }

  open(): void {}

  close(): void {}
}
