import type { Algorithm } from '../algorithms/algorithm.ts';
import { algorithmOf } from '../algorithms/algorithm-of.ts';
import { SUB_WINDOWS, slidingWindowOf } from '../algorithms/sliding-window.ts';
import type { RateLimitPolicy } from '../rate-limit-policy.ts';

/**
 * How finely time is told where units are leased, as parts of a window. A lease and the part in which its units are
 * counted last a sixteenth of a window together.
 */
const PARTS = 64;
/** How long a lease counts where it was granted. */
const COUNTED_PARTS = 3;
/** How long its holder may use it, from when it asked: what it used last is heard of in time. */
const USABLE_PARTS = 2;
/** Below, a part of a window is shorter than what holds up a process now and then. */
const SHORTEST_WINDOW_MS = 4_000;
/** Below, most leases would be of one unit. */
const SMALLEST_MAX = 16;
/** With fewer, a lease saves no question. */
const SMALLEST_LEASE = 2;

/** Whether units of a policy are leased. Those of others are asked for one by one. */
export function isLeased({ algorithm, max, windowMs }: RateLimitPolicy): boolean {
  return algorithm === 'sliding-window' && max >= SMALLEST_MAX && windowMs >= SHORTEST_WINDOW_MS;
}

const leasedWindow = slidingWindowOf(PARTS);

/** How a policy counts where leases are granted. */
export function countingOf(policy: RateLimitPolicy): Algorithm {
  return isLeased(policy) ? leasedWindow : algorithmOf(policy);
}

/** In how many parts of a window units of a policy are told apart, where leases are granted; 0 where it is a bucket. */
export function partsOf(policy: RateLimitPolicy): number {
  if (policy.algorithm === 'token-bucket') return 0;
  return isLeased(policy) ? PARTS : SUB_WINDOWS;
}

export function countedMs({ windowMs }: RateLimitPolicy): number {
  return (windowMs / PARTS) * COUNTED_PARTS;
}

export function usableMs({ windowMs }: RateLimitPolicy): number {
  return (windowMs / PARTS) * USABLE_PARTS;
}

/** How many units a lease has. @returns 0 where there are too few for one */
export function leaseSize(free: number, holders: number): number {
  const units = Math.floor(free / (2 * holders));
  return units < SMALLEST_LEASE ? 0 : units;
}
