import { MemoryRateLimitStore, type RateLimitStore } from '@portlight/rate-limit';
import { DEFAULTS } from '../defaults.ts';
import type { Backplane } from './backplane.ts';
import type { Bus } from './bus.ts';
import type { ClientStore } from './client-store.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { MemoryValueStore } from './memory-value-store.ts';
import type { ValueStore } from './value-store.ts';

/** What a process that is alone shares with nobody: every answer is there at once. */
export class MemoryBackplane implements Backplane {
  readonly limits: RateLimitStore = new MemoryRateLimitStore();
  readonly clients: ClientStore = new MemoryClientStore(DEFAULTS.maxClients).end('this process');
  readonly bus: Bus = new MemoryBus();
  readonly values: ValueStore = new MemoryValueStore(DEFAULTS.maxValueBytes);

  open(): void {}

  close(): void {}
}
