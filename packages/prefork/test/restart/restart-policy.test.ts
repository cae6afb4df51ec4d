import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RestartPolicy } from '../../src/restart/restart-policy.ts';

/** What a seat gets whose children each live for so long, one after the other. */
function delays(upMs: number | undefined, times: number, random = 0): (number | 'give-up')[] {
  const policy = new RestartPolicy(() => random);
  let now = 0;
  return Array.from({ length: times }, () => {
    now += upMs ?? 0;
    const delay = policy.failed(1, upMs, now);
    if (delay !== 'give-up') now += delay;
    if (upMs !== undefined) policy.ready();
    return delay;
  });
}

describe('a restart', () => {
  it('comes at once, then after 0.1, 0.2, 0.4 … 30 s', () => {
    expect(delays(1_000, 12)).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  });

  it('comes up to a quarter earlier, by chance', () => {
    expect(delays(1_000, 4, 0.999_999)).toEqual([0, 75, 150, 300]);
  });

  it('is forgiven after a minute', () => {
    const policy = new RestartPolicy(() => 0);
    expect([1_000, 59_999, 60_000, 1_000, 3_600_000].map((upMs) => policy.failed(1, upMs, 0))).toEqual([
      0, 100, 0, 100, 0,
    ]);
  });

  it('is a matter of each seat', () => {
    const policy = new RestartPolicy(() => 0);
    expect([1, 2, 1, 2].map((seat) => policy.failed(seat, 1_000, 0))).toEqual([0, 0, 100, 100]);
  });
});

describe('giving up', () => {
  it('comes at the tenth that was never ready', () => {
    expect(delays(undefined, 10)).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 'give-up']);
  });

  it('does not come where one was ready in between, or where they end slowly', () => {
    const policy = new RestartPolicy(() => 0);
    for (let times = 0; times < 9; times++) policy.failed(times, undefined, 0);
    policy.ready();
    expect(policy.failed(1, undefined, 1)).not.toBe('give-up');
    const slow = new RestartPolicy(() => 0);
    for (let times = 0; times < 100; times++) expect(slow.failed(1, undefined, times * 6_700)).not.toBe('give-up');
  });

  it('does not come while others serve, and the next start comes later and later', () => {
    const policy = new RestartPolicy(() => 0);
    const failed = (othersServe: boolean): number | 'give-up' => policy.failed(1, undefined, 0, othersServe);
    expect(Array.from({ length: 12 }, () => failed(true)).slice(-3)).toEqual([25_600, 30_000, 30_000]);
    expect(failed(false)).toBe('give-up');
  });

  it('keeps the number of starts bounded, whatever happens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.double({ min: 0, max: 1, noNaN: true }), (seats, chance) => {
        const policy = new RestartPolicy(() => chance);
        let starts = 0;
        for (let now = 0; now < 60_000; now += 100)
          for (let seat = 0; seat < seats; seat++) {
            if (policy.failed(seat, undefined, now) === 'give-up') return starts < 10;
            starts++;
          }
        return false;
      }),
    );
  });
});
