import type { RateLimitPolicy } from '../rate-limit-policy.ts';

/**
 * What is kept of one key under one policy. Numbers alone, so that it is small and can be sent; each algorithm says
 * what they mean. Of a key that has taken nothing there is no state.
 */
export type KeyState = number[];

/**
 * A way to count. Functions of what they are given: they read no clock.
 *
 * `now` is in ms from any beginning and never goes back for one state.
 */
export interface Algorithm {
  /** How many units are free at `now`. */
  remaining(state: readonly number[] | undefined, policy: RateLimitPolicy, now: number): number;
  /**
   * How many ms after `now` one unit is free, where none is: right up to the rounding of the sums, see `resetSeconds`.
   */
  waitMs(state: readonly number[], policy: RateLimitPolicy, now: number): number;
  /**
   * The state after one unit more, which must be free. What was given is used up: it may be what comes back, changed.
   */
  count(state: KeyState | undefined, policy: RateLimitPolicy, now: number): KeyState;
}
