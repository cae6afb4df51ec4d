import { optionError } from '../option-error.ts';
import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { RateLimitClaim, RateLimitDecision, RateLimitStore } from '../rate-limit-store.ts';
import { KeyTable } from './key-table.ts';
import { Seat } from './seat.ts';
import { shortKey } from './short-key.ts';

/** V8 has no Map of more than 16.7 million. */
const LARGEST_MAX_KEYS = 10_000_000;

/** About a microsecond. */
const STEPS_PER_MS = 1_024;

export interface MemoryRateLimitStoreOptions {
  /** Most keys that are kept, of all policies together, 1 to 10,000,000. @default 100_000 */
  readonly maxKeys?: number | undefined;
  /**
   * The time in ms from any beginning. Should it go back, time stands still until it is there again. @default
   * performance.now
   */
  readonly now?: (() => number) | undefined;
}

/**
 * Keeps the counts in the memory of this process, without timers.
 *
 * A key goes only when it has its whole quota again. While `maxKeys` have not, new keys share one count for each
 * policy, as if they were one key: the limit holds for each of them, but they may be denied for what others took. A key
 * that gets room afterwards begins with what that count holds, as some of it may be its own. So a flood of keys makes
 * the limiter stricter, never laxer, and changes nothing for the keys that were there.
 *
 * A key of more than 128 characters is kept as its SHA-512. Policies must come from the app, not from its clients:
 * there is no bound on how many there are at a time, and each has a table.
 */
export class MemoryRateLimitStore implements RateLimitStore {
  readonly #maxKeys: number;
  readonly #clock: () => number;
  /** By the name of the policy: almost always one each. */
  readonly #tables = new Map<string, KeyTable[]>();
  #now = Number.NEGATIVE_INFINITY;

  /**
   * @throws {RangeError | TypeError} with the code `ERR_PORTLIGHT_INVALID_OPTION`, when an option is out of its range
   *   or of another type
   */
  constructor({ maxKeys = 100_000, now = () => performance.now() }: MemoryRateLimitStoreOptions = {}) {
    if (!Number.isInteger(maxKeys) || maxKeys < 1 || maxKeys > LARGEST_MAX_KEYS) {
      throw optionError('maxKeys', 'a whole number of keys from 1 to 10,000,000', 'number', maxKeys);
    }
    if (typeof now !== 'function') throw optionError('now', 'a function that tells the time in ms', 'function', now);
    this.#maxKeys = maxKeys;
    this.#clock = now;
  }

  /** Takes one unit of each claim, or of none. Answers at once. */
  take(claims: readonly RateLimitClaim[]): readonly RateLimitDecision[] {
    const time = this.#clock();
    // In steps that binary fractions hold exactly: else a window, added and taken away again, comes out a little
    // shorter.
    const exact = Math.floor(time * STEPS_PER_MS) / STEPS_PER_MS;
    if (exact > this.#now) this.#now = exact;
    const now = this.#now;

    let seats = this.#seatsOf(claims, now);
    if (hasOverflow(seats)) {
      this.#makeRoom(now);
      seats = this.#seatsOf(claims, now);
    }

    const isAdmitted = areFree(seats, now);
    if (isAdmitted) countAll(seats, now);
    const decisions: RateLimitDecision[] = [];
    for (let index = 0; index < seats.length; index++) {
      const seat = seats[index] as Seat;
      decisions.push(seat.decide((claims[index] as RateLimitClaim).policy, isAdmitted || seat.isFree(now), now));
    }
    return decisions;
  }

  /** The seat of each claim. Claims that are counted in one place, as one, have one seat. */
  #seatsOf(claims: readonly RateLimitClaim[], now: number): readonly Seat[] {
    const seats: Seat[] = [];
    let room: number | undefined;
    for (const claim of claims) {
      const table = this.#tableOf(claim.policy, now);
      const key = shortKey(claim.key);
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
    const table = new KeyTable(policy, now);
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

function areFree(seats: readonly Seat[], now: number): boolean {
  for (const seat of seats) {
    if (!seat.isFree(now)) return false;
  }
  return true;
}

function countAll(seats: readonly Seat[], now: number): void {
  for (let index = 0; index < seats.length; index++) {
    const seat = seats[index] as Seat;
    if (seats.indexOf(seat) === index) seat.count(now);
  }
}
