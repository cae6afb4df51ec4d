import { algorithmOf } from '../algorithms/algorithm-of.ts';
import { optionError } from '../option-error.ts';
import type { RateLimitClaim, RateLimitDecision, RateLimitStore } from '../rate-limit-store.ts';
import { KeyTables } from './key-tables.ts';
import { readMaxKeys } from './max-keys.ts';
import type { Seat } from './seat.ts';
import { shortKey } from './short-key.ts';
import { SteadyClock } from './steady-clock.ts';

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
  readonly #clock: SteadyClock;
  readonly #tables: KeyTables;

  /**
   * @throws {RangeError | TypeError} with the code `ERR_PORTLIGHT_INVALID_OPTION`, when an option is out of its range
   *   or of another type
   */
  constructor({ maxKeys, now = () => performance.now() }: MemoryRateLimitStoreOptions = {}) {
    const most = readMaxKeys(maxKeys);
    if (typeof now !== 'function') throw optionError('now', 'a function that tells the time in ms', 'function', now);
    this.#clock = new SteadyClock(now);
    this.#tables = new KeyTables(most, algorithmOf, shortKey);
  }

  /** Takes one unit of each claim, or of none. Answers at once. */
  take(claims: readonly RateLimitClaim[]): readonly RateLimitDecision[] {
    const now = this.#clock.read();
    const seats = this.#tables.seatsOf(claims, now);
    const isAdmitted = areFree(seats, now);
    if (isAdmitted) countAll(seats, now);
    const decisions: RateLimitDecision[] = [];
    for (let index = 0; index < seats.length; index++) {
      const seat = seats[index] as Seat;
      decisions.push(seat.decide((claims[index] as RateLimitClaim).policy, isAdmitted || seat.isFree(now), now));
    }
    return decisions;
  }
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
