import { MemoryRateLimitStore } from '@portlight/rate-limit';
import { DEFAULTS } from '../defaults.ts';
import type { Backplane } from './backplane.ts';
import type { ClientStore } from './client-store.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryClientStore } from './memory-client-store.ts';
import { MemoryValueStore } from './memory-value-store.ts';

/** What a process that is alone shares with nobody: every answer is there at once. */
export class MemoryBackplane implements Backplane {
  readonly limits: MemoryRateLimitStore = new MemoryRateLimitStore();
  readonly clients: ClientStore = new MemoryClientStore(DEFAULTS.maxClients).end('this process');
  readonly bus: MemoryBus = new MemoryBus();
  readonly values: MemoryValueStore = new MemoryValueStore(DEFAULTS.maxValueBytes);

  open(): void {}

  close(): void {}
}
