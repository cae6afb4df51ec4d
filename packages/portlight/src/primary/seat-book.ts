import type { SeatReply, SeatRequest } from './seat-messages.ts';
import { SeatPool } from './seat-pool.ts';

export interface SeatLimits {
  readonly most: number;
  /** Not less than `most` where addresses are not counted. */
  readonly mostPerAddress: number;
  /** Whether a process has only units that it uses, because one that is busy gives none back. */
  readonly isExact?: boolean | undefined;
}

export interface SeatBookEvents {
  send(owner: string, reply: SeatReply): void;
  /** Calls back when those that answer have answered. */
  wait(then: () => void): void;
}

/** Most units that are granted beside those that are waited for. */
const BATCH = 32;

/**
 * What the primary knows of the seats of all processes: in all, and for each address of which some process has another
 * number of units than its share. That is so only as long as some process has more, so the book holds no more addresses
 * than there are seats.
 */
export class SeatBook {
  readonly #limits: SeatLimits;
  readonly #events: SeatBookEvents;
  /** Units that a process has of each address. All together they are half the limit, as long as there are no more. */
  readonly #share: number;
  readonly #shares: Map<string, number> = new Map();
  readonly #nothing: Map<string, number> = new Map();
  readonly #silent: Set<string> = new Set();
  readonly #all: SeatPool;
  readonly #addresses: Map<string, SeatPool> = new Map();

  /** @param processes how many there usually are */
  constructor(limits: SeatLimits, processes: number, events: SeatBookEvents) {
    this.#limits = limits;
    this.#events = events;
    this.#share = limits.isExact === true ? 0 : Math.floor(limits.mostPerAddress / 2 / processes);
    this.#all = this.#openPool('', limits.most, this.#nothing);
  }

  /** Of how many addresses something is known. */
  get addresses(): number {
    return this.#addresses.size;
  }

  /** What a process says; the first thing is that it joins. */
  hear(owner: string, request: SeatRequest): void {
    this.#silent.delete(owner);
    if (request.type === 'join') this.#join(owner);
    if (request.type === 'join' || !this.#shares.has(owner)) return;
    const pool = this.#poolOf(request.key);
    if (request.type === 'ask') pool.ask(owner, request.units);
    else if (request.type === 'give') pool.give(owner, request.units);
    else pool.recalled(owner, request.units, request.round);
    this.#forget(request.key);
  }

  /** The process is gone, and its seats are free. */
  lose(owner: string): void {
    this.#shares.delete(owner);
    this.#nothing.delete(owner);
    this.#silent.delete(owner);
    this.#all.lose(owner);
    for (const [key, pool] of this.#addresses) {
      pool.lose(owner);
      this.#forget(key);
    }
  }

  #join(owner: string): void {
    const isCounted = this.#limits.mostPerAddress < this.#limits.most;
    const isRoom = (this.#shares.size + 1) * this.#share <= this.#limits.mostPerAddress;
    const share = isRoom ? this.#share : 0;
    this.#shares.set(owner, share);
    this.#nothing.set(owner, 0);
    const bare = [...this.#addresses].flatMap(([key, pool]) => (pool.strip(owner) ? [key] : []));
    const isExact = this.#limits.isExact === true;
    this.#events.send(owner, { type: 'welcome', share: isCounted ? share : undefined, isExact, bare });
    this.#all.ask(owner, 0);
  }

  #poolOf(key: string): SeatPool {
    if (key === '') return this.#all;
    const pool = this.#addresses.get(key) ?? this.#openPool(key, this.#limits.mostPerAddress, this.#shares);
    this.#addresses.set(key, pool);
    return pool;
  }

  #openPool(key: string, limit: number, shares: ReadonlyMap<string, number>): SeatPool {
    const batch = this.#limits.isExact === true ? 0 : BATCH;
    const pool: SeatPool = new SeatPool(limit, shares, batch, (owner) => this.#silent.has(owner), {
      grant: (owner, units, isAnswer) => this.#events.send(owner, { type: 'grant', key, units, isAnswer }),
      recall: (owner, round) => this.#events.send(owner, { type: 'recall', key, round }),
      recalling: (round) =>
        this.#events.wait(() => {
          pool.giveUp(round);
          this.#forget(key);
        }),
      silent: (owner) => void this.#silent.add(owner),
    });
    return pool;
  }

  #forget(key: string): void {
    if (this.#addresses.get(key)?.isQuiet === true) this.#addresses.delete(key);
  }
}
