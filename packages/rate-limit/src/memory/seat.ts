import type { KeyState } from '../algorithms/algorithm.ts';
import { exactWaitMs } from '../algorithms/exact-wait.ts';
import { resetSeconds } from '../algorithms/reset-seconds.ts';
import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { RateLimitDecision } from '../rate-limit-store.ts';
import type { KeyTable } from './key-table.ts';

/** Where a claim is counted: with the young or old keys of a table, as a new one, or with those that found no room. */
export type Place = 'young' | 'old' | 'new' | 'overflow';

/** The place that a claim has during one take. */
export class Seat {
  readonly table: KeyTable;
  readonly key: string;
  readonly place: Place;
  #state: KeyState | undefined;

  constructor(table: KeyTable, key: string, place: Place, state: KeyState | undefined) {
    this.table = table;
    this.key = key;
    this.place = place;
    this.#state = state;
  }

  /** Less than none where units were used that nobody could know of. */
  remaining(now: number): number {
    const { algorithm, policy } = this.table;
    return algorithm.remaining(this.#state, policy, now);
  }

  isFree(now: number): boolean {
    return this.remaining(now) > 0;
  }

  /** How long until a unit comes back, in ms, where none is free beside those that are held; 0 where none can. */
  waitMs(held: number, now: number): number {
    const { algorithm, policy } = this.table;
    if (this.#state === undefined || held >= policy.max) return 0;
    return exactWaitMs(algorithm, this.#state, held === 0 ? policy : { ...policy, max: policy.max - held }, now);
  }

  count(now: number): void {
    const { table, key, place } = this;
    const state = table.algorithm.count(this.#state, table.policy, now);
    if (place === 'overflow') table.overflow = state;
    else if (place !== 'young' || state !== this.#state) table.keep(key, state, place);
    this.#state = state;
  }

  /** @param policy the one that was claimed; its fields are those of the table */
  decide(policy: RateLimitPolicy, isAllowed: boolean, now: number): RateLimitDecision {
    const { algorithm } = this.table;
    const state = this.#state;
    const remaining = this.remaining(now);
    return {
      policy,
      isAllowed,
      remaining,
      resetSeconds: remaining > 0 || state === undefined ? 0 : resetSeconds(algorithm, state, policy, now),
    };
  }
}
