import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyState } from '../../src/algorithms/algorithm.ts';
import { resetSeconds } from '../../src/algorithms/reset-seconds.ts';
import { slidingWindow } from '../../src/algorithms/sliding-window.ts';
import { createPolicy, type RateLimitPolicy } from '../../src/index.ts';
import { scheduleOf, WINDOW_SECONDS } from '../support/schedules.ts';

/** Takes a unit if one is free. */
function take(
  state: KeyState | undefined,
  policy: RateLimitPolicy,
  now: number,
): { readonly isAllowed: boolean; readonly state: KeyState | undefined } {
  if (slidingWindow.remaining(state, policy, now) === 0) return { isAllowed: false, state };
  return { isAllowed: true, state: slidingWindow.count(state, policy, now) };
}

function within(times: readonly number[], now: number, ms: number): number {
  return times.filter((time) => now - time < ms).length;
}

describe('the sliding window', () => {
  const policy = createPolicy({ max: 3, windowSeconds: 16 });

  test('begins with the first request of a key, wherever the clock stands', () => {
    for (const start of [0, 0.001, 15_999.999, 2 ** 45, -4_000]) {
      let state: KeyState | undefined;
      for (let unit = 0; unit < 3; unit++) state = take(state, policy, start).state;
      expect(slidingWindow.remaining(state, policy, start + 15_999)).toBe(0);
      expect(slidingWindow.remaining(state, policy, start + 16_000)).toBe(3);
    }
  });

  test('gives back what was taken within a sixteenth of the window together, with the last of it', () => {
    let state: KeyState | undefined;
    for (const now of [0, 500, 999]) state = take(state, policy, now).state;
    expect([16_000, 16_998.875, 16_999].map((now) => slidingWindow.remaining(state, policy, now))).toEqual([0, 0, 3]);
  });

  test('gives back what was taken a sixteenth of the window apart each at its time', () => {
    let state: KeyState | undefined;
    for (const now of [0, 1_000, 2_000]) state = take(state, policy, now).state;
    expect([15_999, 16_000, 17_000, 18_000].map((now) => slidingWindow.remaining(state, policy, now))).toEqual([
      0, 1, 2, 3,
    ]);
  });

  test('does not punish a burst after a rest of one window', () => {
    let state: KeyState | undefined;
    const hundred = createPolicy({ max: 100, windowSeconds: 60 });
    for (let round = 0; round < 50; round++) {
      for (let unit = 0; unit < 100; unit++) {
        const taken = take(state, hundred, round * 60_000);
        expect(taken.isAllowed).toBe(true);
        ({ state } = taken);
      }
      expect(take(state, hundred, round * 60_000 + 59_999).isAllowed).toBe(false);
    }
  });

  test('keeps at most 17 sub-windows, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WINDOW_SECONDS),
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 100, maxLength: 300 }),
        (windowSeconds, max, gaps) => {
          const policy = createPolicy({ max, windowSeconds });
          let state: KeyState | undefined;
          let now = 0;
          for (const gap of gaps) {
            now += (gap * policy.windowMs) / 320;
            ({ state } = take(state, policy, now));
            expect(state?.length ?? 0).toBeLessThanOrEqual(1 + 2 * 17);
          }
        },
      ),
    );
  });

  test('keeps both promises, and tells waits and remainders as they are', () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(...WINDOW_SECONDS)
          .chain((windowSeconds) =>
            fc.tuple(
              fc.constant(windowSeconds),
              fc.integer({ min: 1, max: 20 }),
              fc.constantFrom(0, 0.125, 2 ** 43 + 0.125),
              scheduleOf(windowSeconds * 1_000),
            ),
          ),
        ([windowSeconds, max, start, schedule]) => {
          const policy = createPolicy({ max, windowSeconds });
          const { windowMs } = policy;
          const admitted: number[] = [];
          let state: KeyState | undefined;
          let now = start;
          for (const { gap, units } of schedule) {
            now += gap;
            for (let unit = 0; unit < units; unit++) {
              const inWindow = within(admitted, now, windowMs);
              const inLonger = within(admitted, now, windowMs * (17 / 16));
              const remaining = slidingWindow.remaining(state, policy, now);
              expect(remaining).toBeLessThanOrEqual(max - inWindow);
              expect(remaining).toBeGreaterThanOrEqual(max - inLonger);
              const taken = take(state, policy, now);
              if (taken.isAllowed) admitted.push(now);
              else {
                const wait = resetSeconds(slidingWindow, state as KeyState, policy, now);
                expect(wait).toBeGreaterThanOrEqual(1);
                expect(wait).toBeLessThanOrEqual(windowSeconds);
                expect(slidingWindow.remaining(state, policy, now + wait * 1_000)).toBeGreaterThan(0);
                expect(slidingWindow.remaining(state, policy, now + (wait - 1) * 1_000)).toBe(0);
              }
              ({ state } = taken);
            }
          }
          for (const time of admitted)
            expect(
              within(
                admitted.filter((other) => other <= time),
                time,
                windowMs,
              ),
            ).toBeLessThanOrEqual(max);
        },
      ),
      { numRuns: 400 },
    );
  });

  // Found by trying: the difference rounds so that the wait seems to be a second longer than it is.
  test.each([
    [5_790.536608102851, 37_790.53660810285, 28],
    [32_740.992657763756, 64_740.99265776375, 28],
  ])('of a unit at %d tells at %d a wait of %d s', (start, now, wait) => {
    const policy = createPolicy({ max: 1, windowSeconds: 60 });
    const state = slidingWindow.count(undefined, policy, start);
    expect(resetSeconds(slidingWindow, state, policy, now)).toBe(wait);
    expect(slidingWindow.remaining(state, policy, now + wait * 1_000)).toBe(1);
  });

  test('tells waits to the second on a clock of any fractions', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ min: 0, max: 1e12, noNaN: true }), fc.double({ min: 0.001, max: 1_000, noNaN: true })),
        fc.oneof(
          fc.double({ min: 0, max: 59_999, noNaN: true }),
          fc.integer({ min: 0, max: 59 }).map((seconds) => seconds * 1_000),
        ),
        (start, gap) => {
          const policy = createPolicy({ max: 1, windowSeconds: 60 });
          const state = slidingWindow.count(undefined, policy, start);
          const now = start + gap;
          fc.pre(slidingWindow.remaining(state, policy, now) === 0);
          const wait = resetSeconds(slidingWindow, state, policy, now);
          expect(slidingWindow.remaining(state, policy, now + wait * 1_000)).toBe(1);
          expect(slidingWindow.remaining(state, policy, now + (wait - 1) * 1_000)).toBe(0);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
