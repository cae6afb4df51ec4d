import { LeaseCounter, LeasedRateLimitStore } from '../../src/index.ts';
import { MESSAGES } from '../../src/leases/lease-messages.ts';
import { nodeLoop } from '../../src/leases/loop.ts';
import { type JoinedLine, joinLines } from './joined-lines.ts';

/** A process that shares its counts. */
export interface FamilyChild {
  readonly store: LeasedRateLimitStore;
  /** Its end of the line, and the end of who counts. */
  readonly near: JoinedLine;
  readonly far: JoinedLine;
}

interface FamilyOptions {
  /** Of which a child remembers something. */
  readonly maxKeys?: number;
  readonly recallMs?: number;
}

/** One that counts, and processes that share its counts, on one clock that the test moves. */
export class Family {
  now = 1_000_000.25;
  readonly counter: LeaseCounter;
  readonly children: FamilyChild[] = [];
  /** How often each message was told. */
  readonly told: Map<string, number> = new Map();
  readonly #maxKeys: number | undefined;

  constructor(children: number, { maxKeys, recallMs = 5 }: FamilyOptions = {}) {
    this.#maxKeys = maxKeys;
    this.counter = new LeaseCounter({ recallMs, loop: { ...nodeLoop, now: () => this.now } });
    for (let index = 0; index < children; index++) this.children.push(this.open());
  }

  get questions(): number {
    return this.told.get(MESSAGES.ask) ?? 0;
  }

  get recalls(): number {
    return this.told.get(MESSAGES.recall) ?? 0;
  }

  store(index: number): LeasedRateLimitStore {
    return (this.children[index] as FamilyChild).store;
  }

  open(): FamilyChild {
    const [near, far] = joinLines((name) => void this.told.set(name, (this.told.get(name) ?? 0) + 1));
    this.counter.attach(far);
    return {
      near,
      far,
      store: new LeasedRateLimitStore(near, { maxKeys: this.#maxKeys, loop: { ...nodeLoop, now: () => this.now } }),
    };
  }
}

/** What was told so far is heard, and what that leads to too. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
