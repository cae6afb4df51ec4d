import type { Algorithm, KeyState } from './algorithm.ts';

/**
 * How finely time is told, as parts of a window: what was taken within one part comes back together, with the last of
 * it.
 */
export const SUB_WINDOWS = 16;

/**
 * Never admits more than `max` in any time of `windowMs`, and never denies a key that had fewer than `max` admitted in
 * the last `windowMs` × 17/16.
 */
export const slidingWindow: Algorithm = slidingWindowOf(SUB_WINDOWS);

/**
 * A sliding window that tells time in so many parts.
 *
 * State: when the newest sub-window began; then for each sub-window, from the oldest, when its last unit was taken and
 * how many were. A sub-window begins with a unit, not with the clock, so the first begins with the key's first request.
 * It counts until its last unit is a window old: hence never too many. Its first unit is at most a sub-window older:
 * hence nobody is denied for what is older than that. As beginnings lie a sub-window apart, at most one more than there
 * are parts count at once.
 */
export function slidingWindowOf(subWindows: number): Algorithm {
  return {
    remaining(state, { max, windowMs }, now) {
      if (state === undefined) return max;
      let free = max;
      for (let index = firstLive(state, windowMs, now); index < state.length; index += 2)
        free -= state[index + 1] as number;
      return free;
    },

    waitMs(state, policy, now) {
      let free = this.remaining(state, policy, now);
      let index = firstLive(state, policy.windowMs, now);
      // More than the maximum is counted where units were used that nobody could know of.
      while ((free += state[index + 1] as number) < 1) index += 2;
      return policy.windowMs - (now - (state[index] as number));
    },

    count(state, policy, now) {
      return state === undefined
        ? [now, now, 1]
        : countAgain(state, policy.windowMs, policy.windowMs / subWindows, now);
    },
  };
}

function countAgain(state: KeyState, windowMs: number, subWindowMs: number, now: number): KeyState {
  const end = state.length;
  const live = firstLive(state, windowMs, now);
  if (now - (state[0] as number) < subWindowMs) {
    state[end - 2] = now;
    (state[end - 1] as number)++;
    return state;
  }
  // An array that grows by push takes room for 16 more; most keys never need it.
  if (live === 1) {
    const longer = state.concat(now, 1);
    longer[0] = now;
    return longer;
  }
  for (let index = live; index < end; index++) state[index - live + 1] = state[index] as number;
  state.length = end - live + 1;
  state[0] = now;
  state.push(now, 1);
  return state;
}

/** Where the oldest sub-window lies that still counts; the length where none does. */
function firstLive(state: readonly number[], windowMs: number, now: number): number {
  let index = 1;
  while (index < state.length && now - (state[index] as number) >= windowMs) index += 2;
  return index;
}
