import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { Algorithm } from './algorithm.ts';

/** A step of the clocks that are asked, in ms: a sum of such is exact. */
const STEP = 1 / 1_024;

/** The smallest number of ms after which one unit is free, where none is at `now`, in steps of the clock. */
export function exactWaitMs(
  algorithm: Algorithm,
  state: readonly number[],
  policy: RateLimitPolicy,
  now: number,
): number {
  let wait = Math.max(1, Math.ceil(algorithm.waitMs(state, policy, now) / STEP)) * STEP;
  while (!isFreeAfter(wait)) wait += STEP;
  return wait > STEP && isFreeAfter(wait - STEP) ? wait - STEP : wait;

  function isFreeAfter(ms: number): boolean {
    return algorithm.remaining(state, policy, now + ms) > 0;
  }
}
