import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { Algorithm } from './algorithm.ts';

/**
 * The smallest whole number of seconds after which one unit is free, where none is at `now`.
 *
 * Sums of fractions round, so a wait that comes out as a whole number may be one too long or too short. Therefore the
 * question is asked that will be asked then.
 */
export function resetSeconds(
  algorithm: Algorithm,
  state: readonly number[],
  policy: RateLimitPolicy,
  now: number,
): number {
  const seconds = Math.max(1, Math.ceil(algorithm.waitMs(state, policy, now) / 1_000));
  if (!isFreeAfter(seconds)) return seconds + 1;
  return seconds > 1 && isFreeAfter(seconds - 1) ? seconds - 1 : seconds;

  function isFreeAfter(wait: number): boolean {
    return algorithm.remaining(state, policy, now + wait * 1_000) > 0;
  }
}
