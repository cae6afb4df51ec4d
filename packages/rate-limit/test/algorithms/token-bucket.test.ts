import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyState } from '../../src/algorithms/algorithm.ts';
import { resetSeconds } from '../../src/algorithms/reset-seconds.ts';
import { tokenBucket } from '../../src/algorithms/token-bucket.ts';
import { createPolicy } from '../../src/index.ts';
import { scheduleOf, WINDOW_SECONDS } from '../support/schedules.ts';

describe('the token bucket', () => {
  test('is full at first, fills evenly, and never above max', () => {
    const policy = createPolicy({ max: 4, windowSeconds: 8, algorithm: 'token-bucket' });
    let state: KeyState | undefined;
    expect(tokenBucket.remaining(state, policy, 0)).toBe(4);
    for (let unit = 0; unit < 4; unit++) state = tokenBucket.count(state, policy, 0);
    expect(
      [0, 1_999, 2_000, 4_000, 7_999, 8_000, 1e12].map((now) => tokenBucket.remaining(state, policy, now)),
    ).toEqual([0, 0, 1, 2, 3, 4, 4]);
  });

  test('admits nearly twice max in a window, and not more', () => {
    const policy = createPolicy({ max: 100, windowSeconds: 10, algorithm: 'token-bucket' });
    let state: KeyState | undefined;
    let admitted = 0;
    for (let now = 0; now < 10_000; now += 10) {
      while (tokenBucket.remaining(state, policy, now) > 0) {
        state = tokenBucket.count(state, policy, now);
        admitted++;
      }
    }
    expect(admitted).toBe(199);
  });

  test('agrees with a bucket of whole numbers, and tells waits to the second', () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(...WINDOW_SECONDS)
          .chain((windowSeconds) =>
            fc.tuple(
              fc.constant(windowSeconds),
              fc.integer({ min: 1, max: 40 }),
              fc.constantFrom(0, 2 ** 43 + 0.125),
              scheduleOf(windowSeconds * 1_000),
            ),
          ),
        ([windowSeconds, max, start, schedule]) => {
          const policy = createPolicy({ max, windowSeconds, algorithm: 'token-bucket' });
          const unit = BigInt(policy.windowMs * 8);
          const admitted: number[] = [];
          let state: KeyState | undefined;
          let now = start;
          let missing = 0n;
          for (const { gap, units } of schedule) {
            now += gap;
            missing -= BigInt(gap * 8) * BigInt(max);
            if (missing < 0n) missing = 0n;
            // Bursts as large as the bucket, so that it gets empty.
            for (let count = 0; count < Math.ceil((units * max) / 8); count++) {
              const remaining = (unit * BigInt(max) - missing) / unit;
              expect(tokenBucket.remaining(state, policy, now)).toBe(Number(remaining));
              if (remaining > 0n) {
                state = tokenBucket.count(state, policy, now);
                missing += unit;
                admitted.push(now);
                continue;
              }
              const wait = resetSeconds(tokenBucket, state as KeyState, policy, now);
              expect(wait).toBeLessThanOrEqual(Math.ceil(windowSeconds / max));
              expect(tokenBucket.remaining(state, policy, now + wait * 1_000)).toBeGreaterThan(0);
              expect(tokenBucket.remaining(state, policy, now + (wait - 1) * 1_000)).toBe(0);
              break;
            }
          }
          admitted.forEach((end, last) => {
            for (let first = 0; first <= last; first++) {
              if (last - first + 1 > max + (max * (end - (admitted[first] as number))) / policy.windowMs)
                expect.fail(`too many from ${admitted[first]} to ${end}`);
            }
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  test('keeps its numbers at the largest limit there is', () => {
    const policy = createPolicy({ max: 1_000_000_000, windowSeconds: 2_678_400, algorithm: 'token-bucket' });
    let state: KeyState | undefined;
    for (let unit = 0; unit < 1_000; unit++) state = tokenBucket.count(state, policy, 1e9);
    expect(tokenBucket.remaining(state, policy, 1e9)).toBe(999_999_000);
    expect(tokenBucket.remaining(state, policy, 1e9 + policy.windowMs)).toBe(1_000_000_000);
  });
});
