import { Link } from '@portlight/prefork';
import { joinPorts, type JoinedPort } from '@portlight/prefork/testing';
import { MemoryStores } from '../../src/backplane/memory-stores.ts';
import { ChildBackplane } from '../../src/primary/child-backplane.ts';
import { PrimaryDesk } from '../../src/primary/primary-desk.ts';

/** One child in this process, and the way to it. */
export interface TestChild {
  readonly owner: string;
  readonly backplane: ChildBackplane;
  readonly link: Link;
  /** The primary's end of the way, and the child's. */
  readonly ports: readonly [JoinedPort, JoinedPort];
}

/** A primary with children over joined ports, all in this process. */
export class TestFamily {
  readonly stores: MemoryStores;
  readonly desk: PrimaryDesk;
  readonly children: TestChild[] = [];
  /** What was said of children that were slow. */
  readonly caughtUp: [owner: string, dropped: number][] = [];

  constructor(stores: MemoryStores = new MemoryStores(), count: number = 3, maxWaitingBytes?: number) {
    this.stores = stores;
    this.desk = new PrimaryDesk(stores, (name, data, body) => Link.encode(name, data, body), maxWaitingBytes);
    while (this.children.length < count) this.add();
  }

  add(): TestChild {
    const ports = joinPorts();
    const owner = `child ${this.children.length + 1}`;
    this.desk.serve(new Link(ports[0], { onError: fail }), owner, (dropped) => this.caughtUp.push([owner, dropped]));
    const link = new Link(ports[1], { onError: fail });
    const child = { owner, link, ports, backplane: new ChildBackplane(link) };
    this.children.push(child);
    return child;
  }

  /** Resolves when all that was said has arrived, and what it led to. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < 8; turns += 1) await new Promise(setImmediate);
  }
}

function fail(error: unknown): never {
  throw error;
}
