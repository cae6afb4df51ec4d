import { describe, expect, test } from 'vitest';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { RecentMap } from '../../src/backplane/recent-map.ts';
import { busContract, type OpenBuses } from '../../src/testing/index.ts';
import { DelayedBus } from './delayed-bus.ts';

describe.each(busContract)('a bus $name', ({ run }) => {
  test('in memory', () => run(openMemory));
  test('that is elsewhere', () => run(openDelayed));
});

function openMemory(): OpenBuses {
  let now = 0;
  const topics = new MemoryTopics({ now: () => now });
  const ends = [1, 2, 3].map(() => new MemoryBus(topics));
  return {
    ends,
    advance: (ms) => void (now += ms),
    settle() {},
    lose: (end) => (end as MemoryBus).disconnect(),
    close() {},
  };
}

function openDelayed(): OpenBuses {
  let now = 0;
  const topics = new MemoryTopics({ now: () => now });
  const ends = [1, 2, 3].map(() => new DelayedBus(topics));
  let isOpen = true;
  const move = () => {
    for (const bus of ends) for (const kind of ['call', 'message', 'answer'] as const) bus.step(kind);
    if (isOpen) setImmediate(move);
  };
  move();
  return {
    ends,
    advance: (ms) => void (now += ms),
    settle: async () => {
      while (ends.some(({ isBusy }) => isBusy)) await new Promise(setImmediate);
    },
    lose: (end) => (end as DelayedBus).die(),
    cut: (end) => (end as DelayedBus).cut(),
    mend: (end) => (end as DelayedBus).restore(),
    close: () => void (isOpen = false),
  };
}

test('a map of what was set last forgets the rest, and shows it', () => {
  const forgotten: number[] = [];
  const map = new RecentMap<number>(10, (values) => forgotten.push(...values));
  for (let n = 0; n < 100; n += 1) {
    map.set(`${n}`, n);
    expect(map.size).toBeLessThanOrEqual(10);
    for (let recent = Math.max(0, n - 4); recent <= n; recent += 1) expect(map.get(`${recent}`)).toBe(recent);
  }
  expect(forgotten).toEqual(Array.from({ length: 95 }, (_, n) => n));
  map.set('98', -98);
  map.delete('99');
  expect([map.get('98'), map.get('99'), map.get('__proto__')]).toEqual([-98, undefined, undefined]);
});
