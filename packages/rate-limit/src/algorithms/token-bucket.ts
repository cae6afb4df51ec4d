import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { Algorithm } from './algorithm.ts';

/**
 * Admits `max` at once, and then what comes back: `max` in a window, evenly. In any time `t` it admits at most `max` +
 * `max` × `t` / `windowMs`, so in one window up to twice `max`. A key that takes no more than `max` / `windowMs` is
 * never denied.
 *
 * State: what is missing from a full bucket, in units × `windowMs`, which keeps whole numbers whole; and when that was
 * so.
 */
export const tokenBucket: Algorithm = {
  remaining(state, policy, now) {
    const { max, windowMs } = policy;
    return state === undefined ? max : Math.floor((max * windowMs - missingAt(state, policy, now)) / windowMs);
  },

  waitMs(state, policy, now) {
    return (missingAt(state, policy, now) - (policy.max - 1) * policy.windowMs) / policy.max;
  },

  count(state, policy, now) {
    if (state === undefined) return [policy.windowMs, now];
    state[0] = missingAt(state, policy, now) + policy.windowMs;
    state[1] = now;
    return state;
  },
};

function missingAt(state: readonly number[], { max }: RateLimitPolicy, now: number): number {
  return Math.max(0, (state[0] as number) - (now - (state[1] as number)) * max);
}
