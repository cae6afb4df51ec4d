import type { Worker } from '@portlight/prefork';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Recycling, type RecyclingLimits } from '../../src/runners/recycling.ts';

const MIB = 1_048_576;
const NEVER: RecyclingLimits = { maxRequestsPerWorker: undefined, maxMemoryBytes: undefined };

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** A child whose reports a test changes. */
function child(report: Record<string, number>, state: string = 'ready'): Worker {
  return { state, lastReport: Object.assign(report, { lagMs: 0, memoryBytes: report['memoryBytes'] ?? 0 }) } as Worker;
}

/** What is said of a child that has served for long enough. */
function look(recycling: Recycling, worker: Worker): string | undefined {
  const early = recycling.look(worker);
  expect(early).toBeUndefined();
  vi.advanceTimersByTime(3_000);
  return recycling.look(worker);
}

describe('a child is replaced', () => {
  test.each([
    [NEVER, { requests: 1e9, memoryBytes: 1e12 }, undefined],
    [{ ...NEVER, maxRequestsPerWorker: 100 }, { requests: 99 }, undefined],
    [{ ...NEVER, maxRequestsPerWorker: 100 }, { requests: 100 }, 'has answered 100 requests'],
    [{ ...NEVER, maxMemoryBytes: 64 * MIB }, { memoryBytes: 64 * MIB - 1 }, undefined],
    [{ ...NEVER, maxMemoryBytes: 64 * MIB }, { memoryBytes: 64 * MIB }, 'holds 64 MiB'],
  ])('with the limits %o and the report %o: %s', (limits, report, why) => {
    expect(look(new Recycling(limits, () => 0), child(report))).toBe(why);
  });

  test('up to a tenth of its requests earlier, each at another time', () => {
    const chances = [0, 0.5, 1];
    const recycling = new Recycling({ ...NEVER, maxRequestsPerWorker: 1_000 }, () => chances.shift() as number);
    const reports = [0, 1, 2].map((): Record<string, number> => ({ requests: 0 }));
    const children = reports.map((report) => child(report));
    for (const each of children) expect(recycling.look(each)).toBeUndefined();
    vi.advanceTimersByTime(3_000);
    const replacedAt = (requests: number): readonly number[] =>
      children.flatMap((each, index) => {
        Object.assign(reports[index] ?? {}, { requests });
        return recycling.look(each) === undefined ? [] : [index];
      });
    expect([899, 900, 950, 1_000].map(replacedAt)).toEqual([[], [2], [1], [0]]);
  });

  test('not twice, but once more where it is still there a minute later', () => {
    const recycling = new Recycling({ ...NEVER, maxMemoryBytes: 64 * MIB });
    const worker = child({ memoryBytes: 65 * MIB });
    expect(look(recycling, worker)).toBe('holds 65 MiB');
    expect(look(recycling, worker)).toBeUndefined();
    vi.advanceTimersByTime(57_000);
    expect(recycling.look(worker)).toBe('holds 65 MiB');
  });

  test.each(['starting', 'draining', 'ended'])('not while it is %s', (state) => {
    expect(look(new Recycling({ ...NEVER, maxMemoryBytes: 64 * MIB }), child({ memoryBytes: 65 * MIB }, state))).toBe(
      undefined,
    );
  });
});
