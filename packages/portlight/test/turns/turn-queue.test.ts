import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Turn } from '../../src/turns/turns.ts';
import { TurnQueue } from '../../src/turns/turn-queue.ts';

/** Who asks gives up after some of the others have had their turn, or never. */
const askers = fc.array(
  fc.record({ works: fc.integer({ min: 0, max: 3 }), givesUpAfter: fc.option(fc.integer({ min: 0, max: 40 })) }),
  { minLength: 1, maxLength: 60 },
);

test('there are never two at once, the order is that of the calls, and who gives up has no turn', async () => {
  await fc.assert(
    fc.asyncProperty(askers, async (all) => {
      const queue = new TurnQueue();
      const controllers = all.map(() => new AbortController());
      const begun: number[] = [];
      const left: number[] = [];
      let [atWork, ended] = [0, 0];
      await Promise.all(
        all.map(async ({ works }, index) => {
          let turn: Turn;
          try {
            turn = await queue.ask({ limitMs: 0, signal: (controllers[index] as AbortController).signal });
          } catch (reason) {
            expect(reason).toBe(index);
            left.push(index);
            return;
          }
          begun.push(index);
          expect(++atWork).toBe(1);
          for (let step = 0; step < works; step++) await Promise.resolve();
          atWork--;
          ended++;
          for (const [other, { givesUpAfter }] of all.entries())
            if (givesUpAfter === ended) controllers[other]?.abort(other);
          turn.end();
        }),
      );
      expect(begun).toEqual([...begun].sort((a, b) => a - b));
      expect([...begun, ...left].sort((a, b) => a - b)).toEqual(all.map((_asker, index) => index));
      expect([queue.size, queue.isTaken]).toEqual([0, false]);
    }),
  );
});

test('who pauses lets others have the turn, and has it again before all who have not had theirs', async () => {
  const steps = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const queue = new TurnQueue();
      const begun: number[] = [];
      let atWork = 0;
      await Promise.all(
        all.map(async (pauses, index) => {
          const turn = await queue.ask({ limitMs: 0 });
          begun.push(index);
          expect(++atWork).toBe(1);
          for (const ticks of pauses) {
            await Promise.resolve();
            atWork--;
            turn.pause();
            for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
            await turn.resume();
            expect(++atWork).toBe(1);
          }
          atWork--;
          turn.end();
        }),
      );
      expect(begun).toEqual(all.map((_pauses, index) => index));
      expect([queue.size, queue.isTaken]).toEqual([0, false]);
    }),
  );
});

test('who has ended while it waited to go on hands its turn on', async () => {
  const queue = new TurnQueue();
  const paused = await queue.ask({ limitMs: 0 });
  paused.pause();
  const other = await queue.ask({ limitMs: 0 });
  const resumed = paused.resume();
  paused.end();
  const last = queue.ask({ limitMs: 0 });
  other.end();
  await resumed;
  (await last).end();
  expect([queue.size, queue.isTaken]).toEqual([0, false]);
});

test('100,000 ask, and 30 of 100 give up while they wait', async () => {
  const queue = new TurnQueue();
  let [atWork, most, served, gone, misplaced, last] = [0, 0, 0, 0, 0, -1];
  const gives = Array.from({ length: 100_000 }, (_none, index) => (index * 7919) % 100 < 30 && index > 0);
  const asked = gives.map(async (givesUp, index) => {
    const controller = new AbortController();
    const turn = queue.ask({ limitMs: 0, signal: controller.signal });
    if (givesUp) setImmediate(() => controller.abort('gone'));
    try {
      const own = await turn;
      most = Math.max(most, ++atWork);
      if (index < last) misplaced++;
      last = index;
      if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      atWork--;
      served++;
      own.end();
    } catch (reason) {
      if (!givesUp) throw reason;
      gone++;
    }
  });
  await Promise.all(asked);
  expect([most, served + gone, misplaced, queue.size]).toEqual([1, 100_000, 0, 0]);
  expect(gone).toBeGreaterThan(0);
});

describe('a turn', () => {
  test('that is not given back is taken away, and what its owner does then counts for nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const overdue: number[] = [];
      const queue = new TurnQueue();
      const hangs = await queue.ask({ limitMs: 500, onOverdue: (limitMs) => overdue.push(limitMs) });
      const next = queue.ask({ limitMs: 0 });
      vi.advanceTimersByTime(499);
      expect(queue.size).toBe(1);
      vi.advanceTimersByTime(1);
      const second = await next;
      const third = queue.ask({ limitMs: 0 });
      hangs.end();
      expect([overdue, queue.size]).toEqual([[500], 1]);
      second.end();
      (await third).end();
      expect(queue.isTaken).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  test('is not waited for by who has given up before', async () => {
    const queue = new TurnQueue();
    await expect(queue.ask({ limitMs: 0, signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect(queue.isTaken).toBe(false);
  });

  test('is over once, however often it is ended', async () => {
    const queue = new TurnQueue();
    const first = await queue.ask({ limitMs: 0 });
    const waiting = [queue.ask({ limitMs: 0 }), queue.ask({ limitMs: 0 })];
    first.end();
    first.end();
    await waiting[0];
    expect(queue.size).toBe(1);
  });
});
