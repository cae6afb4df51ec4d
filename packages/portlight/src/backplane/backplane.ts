import type { RateLimitStore } from '@portlight/rate-limit';
import type { Bus } from './bus.ts';
import type { ClientStore } from './client-store.ts';
import type { ValueStore } from './value-store.ts';

/**
 * What the processes of an app share. This is the end that one process has; what lies behind it, the memory of this
 * process, another process or another machine, nobody else in the house knows.
 */
export interface Backplane {
  /** How much of its rate limits each client has used. */
  readonly limits: RateLimitStore;
  /** Who is connected, in the sense of `/connect`. */
  readonly clients: ClientStore;
  /** Messages by topic, their histories, and who is where. */
  readonly bus: Bus;
  /** Small values for a time. */
  readonly values: ValueStore;
  /**
   * Called before anything else, and again when it shall be used after a `close`. What is asked before it resolves
   * waits or rejects.
   *
   * @throws what stands in the way; then the server does not start
   */
  open(): void | Promise<void>;
  /** Called when the server has stopped. What is still under way may reject; nothing keeps the process alive. */
  close(): void | Promise<void>;
}
