import { MemoryRateLimitStore } from '@portlight/rate-limit';
import { DEFAULTS } from '../defaults.ts';
import type { Backplane } from './backplane.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { MemoryValueStore } from './memory-value-store.ts';

/** What a process that is alone shares with nobody: every answer is there at once. */
export class MemoryBackplane implements Backplane {
  readonly limits: MemoryRateLimitStore = new MemoryRateLimitStore();
  readonly clients: MemoryClientStore = new MemoryClientStore(DEFAULTS.maxClients);
  readonly bus: MemoryBus = new MemoryBus();
  readonly values: MemoryValueStore = new MemoryValueStore(DEFAULTS.maxValueBytes);

  open(): void {}

  close(): void {}
}
