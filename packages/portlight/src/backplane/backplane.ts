import type { RateLimitStore } from '@portlight/rate-limit';
import type { Bus } from './bus.ts';
import type { ClientStore } from './client-store.ts';
import type { SharedStores } from './shared-stores.ts';
import type { ValueStore } from './value-store.ts';

/** Who says to an operator how a backplane does. No method throws. */
export interface BackplaneWatcher {
  /** What is behind it cannot be reached any more. */
  away(error: Error): void;
  /** It can be reached again. */
  back(): void;
}

/**
 * What the processes of an app share. This is the end that one server in one process has; what lies behind it, the
 * memory of this process, another process or another machine, nobody else in the house knows.
 *
 * Its methods may throw, reject, or not answer: nothing of that ends a process or holds up a stop.
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
   * What lies behind it, where one process shall keep the way to it for all of its machine: then the primary opens this
   * backplane, and its children have theirs through it. Left out, each process opens its own.
   */
  readonly stores?: SharedStores | undefined;
  /** Called once, before `open`. Left out where nothing can be out of reach. */
  watch?(watcher: BackplaneWatcher): void;
  /**
   * Called before anything is asked, and again when it shall be used after a `close`. The parts are told before, once
   * in all and by their `connect`, who listens. What is asked before it resolves waits or rejects.
   *
   * @throws what stands in the way, as `connect` may; then the server does not start, nor does it when this takes
   *   longer than 10 s. Without a start, `close` and `open` follow when something is asked a second later
   */
  open(): void | Promise<void>;
  /**
   * Called when the server has stopped, and when it could not start, also when `open` has failed or is under way.
   * Nothing is told to this process any more, what is still under way may reject, and nothing keeps the process alive.
   * It is waited for for a second, or as long as a stop has.
   */
  close(): void | Promise<void>;
}
