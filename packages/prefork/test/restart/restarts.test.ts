import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Restarts } from '../../src/restart/restarts.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Has a seat fail so often, each time at once, and then once more. @returns in which second the next one comes */
function failAndWait(restarts: Restarts, seat: number, times: number, othersServe: boolean): number | undefined {
  for (let count = 0; count < times; count++) restarts.failed(seat, performance.now(), true, () => {});
  vi.advanceTimersByTime(60_000);
  let cameAfter: number | undefined;
  const failedAt = performance.now();
  restarts.failed(seat, failedAt, othersServe, () => (cameAfter = performance.now() - failedAt));
  vi.advanceTimersByTime(40_000);
  return cameAfter === undefined ? undefined : Math.ceil(cameAfter / 1_000);
}

describe('restarts', () => {
  it('come later and later while others serve', () => {
    expect(failAndWait(new Restarts(), 1, 10, true)).toBeGreaterThan(20);
  });

  it('come within a second where nobody serves', () => {
    expect(failAndWait(new Restarts(), 1, 10, false)).toBe(1);
  });

  it('are one within a second then, not one for each seat', () => {
    const restarts = new Restarts();
    for (const seat of [1, 2, 3]) for (let count = 0; count < 10; count++) restarts.failed(seat, 0, true, () => {});
    vi.advanceTimersByTime(60_000);
    const came: number[] = [];
    for (const seat of [1, 2, 3]) restarts.failed(seat, performance.now(), false, () => came.push(seat));
    expect(restarts.awaited).toBe(3);
    vi.advanceTimersByTime(1_000);
    expect(came).toEqual([1]);
    vi.advanceTimersByTime(40_000);
    expect(came).toHaveLength(3);
  });

  it('are given up where none was ready and none serves, and end with the supervisor', () => {
    const restarts = new Restarts();
    const results = Array.from({ length: 10 }, () => restarts.failed(1, undefined, false, () => {}));
    expect(results).toEqual([...Array.from({ length: 9 }, () => true), false]);
    restarts.end();
    let hasCome = false;
    restarts.plan(0, () => (hasCome = true));
    vi.advanceTimersByTime(60_000);
    expect([restarts.awaited, hasCome]).toEqual([0, false]);
  });
});
