import { LeasedRateLimitStore } from '@portlight/rate-limit';
import type { Backplane } from '../backplane/backplane.ts';
import type { Bus } from '../backplane/bus.ts';
import type { ClientStore } from '../backplane/client-store.ts';
import type { ValueStore } from '../backplane/value-store.ts';
import { ChildBus } from './child-bus.ts';
import { ChildClientStore } from './child-client-store.ts';
import { ChildValueStore } from './child-value-store.ts';
import type { Line } from './line.ts';

/** The end that a child has: all of it is with the primary, where a `PrimaryDesk` answers. */
export class ChildBackplane implements Backplane {
  readonly limits: LeasedRateLimitStore;
  readonly clients: ClientStore;
  readonly bus: Bus;
  readonly values: ValueStore;
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
    this.limits = new LeasedRateLimitStore(line);
    this.clients = new ChildClientStore(line);
    this.bus = new ChildBus(line);
    this.values = new ChildValueStore(line);
  }

  async open(): Promise<void> {
    await this.#line.call('backplane.open');
  }

  async close(): Promise<void> {
    this.limits.close();
    await this.#line.call('backplane.close');
  }
}
