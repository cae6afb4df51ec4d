import type { Algorithm } from '../algorithms/algorithm.ts';
import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { RateLimitClaim } from '../rate-limit-store.ts';
import { KeyTable } from './key-table.ts';
import { Seat } from './seat.ts';

/** The keys of all policies, and no more than there is room for. */
export class KeyTables {
  readonly #maxKeys: number;
  readonly #algorithmOf: (policy: RateLimitPolicy) => Algorithm;
  readonly #nameOf: (key: string) => string;
  /** By the name of the policy: almost always one each. */
  readonly #tables = new Map<string, KeyTable[]>();

  /** @param nameOf what a key is kept as */
  constructor(maxKeys: number, algorithmOf: (policy: RateLimitPolicy) => Algorithm, nameOf: (key: string) => string) {
    this.#maxKeys = maxKeys;
    this.#algorithmOf = algorithmOf;
    this.#nameOf = nameOf;
  }

  /** The seat of each claim. Claims that are counted in one place, as one, have one seat. */
  seatsOf(claims: readonly RateLimitClaim[], now: number): readonly Seat[] {
    const seats = this.#find(claims, now);
    if (!hasOverflow(seats)) return seats;
    this.#makeRoom(now);
    return this.#find(claims, now);
  }

  forEach(visit: (table: KeyTable) => void): void {
    for (const tables of this.#tables.values()) for (const table of tables) visit(table);
  }

  #find(claims: readonly RateLimitClaim[], now: number): readonly Seat[] {
    const seats: Seat[] = [];
    let room: number | undefined;
    for (const claim of claims) {
      const table = this.#tableOf(claim.policy, now);
      const key = this.#nameOf(claim.key);
      let seat = seatTaken(seats, table, key) ?? findSeat(table, key);
      if (seat === undefined) {
        room ??= this.#maxKeys - this.#size();
        seat = room-- > 0 ? new Seat(table, key, 'new', table.firstState(now)) : overflowSeat(seats, table, key);
      }
      seats.push(seat);
    }
    return seats;
  }

  /** The table of a policy, its generations up to date. */
  #tableOf(policy: RateLimitPolicy, now: number): KeyTable {
    let tables = this.#tables.get(policy.name);
    if (tables === undefined) this.#tables.set(policy.name, (tables = []));
    for (const table of tables) {
      if (!table.isFor(policy)) continue;
      table.turn(now);
      return table;
    }
    const table = new KeyTable(policy, this.#algorithmOf(policy), now);
    tables.push(table);
    return table;
  }

  #size(): number {
    let size = 0;
    for (const tables of this.#tables.values()) {
      for (const table of tables) size += table.size;
    }
    return size;
  }

  /** Tables that are not needed go too, so what was found before is out of date. */
  #makeRoom(now: number): void {
    for (const [name, tables] of this.#tables) {
      for (const table of tables) {
        table.turn(now);
        table.sweep(now);
      }
      const used = tables.filter((table) => table.size > 0 || table.overflow !== undefined);
      if (used.length === 0) this.#tables.delete(name);
      else if (used.length < tables.length) this.#tables.set(name, used);
    }
  }
}

function seatTaken(seats: readonly Seat[], table: KeyTable, key: string): Seat | undefined {
  for (const seat of seats) {
    if (seat.table === table && seat.key === key) return seat;
  }
  return undefined;
}

function findSeat(table: KeyTable, key: string): Seat | undefined {
  let state = table.findYoung(key);
  if (state !== undefined) return new Seat(table, key, 'young', state);
  state = table.findOld(key);
  return state === undefined ? undefined : new Seat(table, key, 'old', state);
}

/** Keys that found no room count as one. */
function overflowSeat(seats: readonly Seat[], table: KeyTable, key: string): Seat {
  for (const seat of seats) {
    if (seat.table === table && seat.place === 'overflow') return seat;
  }
  return new Seat(table, key, 'overflow', table.overflow);
}

function hasOverflow(seats: readonly Seat[]): boolean {
  for (const { place } of seats) {
    if (place === 'overflow') return true;
  }
  return false;
}
