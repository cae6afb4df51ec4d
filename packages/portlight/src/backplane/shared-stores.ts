import type { LeaseLine } from '@portlight/rate-limit';
import type { Bus } from './bus.ts';
import type { ClientStore } from './client-store.ts';
import type { ValueStore } from './value-store.ts';

/** What one of the processes of a machine has of what all share, where another one keeps the way to it. */
export interface StoresEnd {
  readonly clients: ClientStore;
  /** May be given text as UTF-8, and give it so: it goes on to the process as it is. */
  readonly bus: Bus;
  readonly values: ValueStore;
  /**
   * The process is gone, or listens no more: what it had is taken away, and told to another. Resolves when one that
   * lives has heard of its clients, if any does. Never rejects.
   */
  lose(): Promise<void>;
}

/** What lies behind the backplanes of all processes of one machine. */
export interface SharedStores {
  /**
   * Another process counts with the others, by a `LeasedRateLimitStore`, until its line is closed. To be called before
   * it can have said anything.
   *
   * @param owner as for `end`
   */
  attach(line: LeaseLine, owner: string): void;
  /** @param owner a name that no other process of this machine has, nor had */
  end(owner: string): StoresEnd;
  /** The clients of one process are those of another when it is gone: nobody has lost them. */
  bequeath(owner: string, heir: string): void;
}
