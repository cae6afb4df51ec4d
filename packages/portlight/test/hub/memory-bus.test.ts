import { expect, test } from 'vitest';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { MemoryHistory } from '../../src/backplane/memory-history.ts';
import { RecentMap } from '../../src/backplane/recent-map.ts';
import { testBus } from './bus-contract.ts';
import { DelayedBus } from './delayed-bus.ts';

testBus('the bus in memory', () => {
  let now = 0;
  const advance = (ms: number) => void (now += ms);
  return { ends: [new MemoryBus(new MemoryHistory({ now: () => now }))], advance, settle: async () => {}, close() {} };
});

testBus('the delayed bus of these tests', () => {
  let now = 0;
  const bus = new DelayedBus(new MemoryBus(new MemoryHistory({ now: () => now })));
  let isOpen = true;
  const move = () => {
    for (const kind of ['call', 'message', 'answer'] as const) bus.step(kind);
    if (isOpen) setImmediate(move);
  };
  move();
  const settle = async () => {
    while (bus.isBusy) await new Promise(setImmediate);
  };
  return { ends: [bus], advance: (ms) => void (now += ms), settle, close: () => void (isOpen = false) };
});

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
