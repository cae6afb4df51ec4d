import { describe, expect, test } from 'vitest';
import { createPolicy, MemoryRateLimitStore } from '../../src/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { usedMemory } from '../support/used-memory.ts';

const policy = createPolicy({ max: 5, windowSeconds: 60 });
const MIB = 1_048_576;

describe('memory is bounded', () => {
  test('with 1,000,000 distinct keys, which free nobody who was denied', { timeout: 60_000 }, () => {
    const clock = new ManualClock();
    const store = new MemoryRateLimitStore({ now: clock.read });
    const before = usedMemory();
    const attacker = [{ key: '203.0.113.7', policy }];
    for (let unit = 0; unit < 5; unit++) store.take(attacker);
    let admitted = 0;
    for (let index = 0; index < 1_000_000; index++) {
      if (
        store.take([{ key: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, policy }])[0]?.isAllowed === true
      )
        admitted++;
      if (index % 10_000 === 0) expect(store.take(attacker)[0]?.isAllowed).toBe(false);
    }
    // All that have room, and five of the others together.
    expect(admitted).toBe(99_999 + 5);
    expect(usedMemory() - before).toBeLessThan(25 * MIB);

    clock.now += 59_999;
    expect(store.take(attacker)).toEqual([{ policy, isAllowed: false, remaining: 0, resetSeconds: 1 }]);
    clock.now += 1;
    expect(store.take(attacker)[0]?.isAllowed).toBe(true);
  });

  test('with keys that are long', () => {
    const store = new MemoryRateLimitStore({ maxKeys: 1_000 });
    const before = usedMemory();
    for (let index = 0; index < 200; index++) store.take([{ key: `${'k'.repeat(MIB)}${index}`, policy }]);
    expect(usedMemory() - before).toBeLessThan(4 * MIB);
    expect(store.take([{ key: `${'k'.repeat(MIB)}7`, policy }])[0]?.remaining).toBe(3);
  });

  test('with keys that are parts of long texts', () => {
    const store = new MemoryRateLimitStore();
    const before = usedMemory();
    for (let index = 0; index < 2_000; index++) {
      // A head as it comes from a socket, and a field of it.
      const head = Buffer.from(`x-api-key: ${String(index).padStart(40, '0')}\r\n${'x'.repeat(16_000)}`).toString(
        'latin1',
      );
      store.take([{ key: head.slice(11, 51), policy }]);
    }
    expect(usedMemory() - before).toBeLessThan(4 * MIB);
    expect(store.take([{ key: String(7).padStart(40, '0'), policy }])[0]?.remaining).toBe(3);
  });

  test('with policies that come and go', () => {
    const clock = new ManualClock();
    const store = new MemoryRateLimitStore({ maxKeys: 50, now: clock.read });
    const turn = (index: number): void => {
      const policy = createPolicy({ name: `policy ${index}`, max: 1, windowSeconds: 1 });
      for (const key of ['a', 'b']) store.take([{ key, policy }]);
      clock.now += 25;
    };
    for (let index = 0; index < 1_000; index++) turn(index);
    const before = usedMemory();
    for (let index = 1_000; index < 20_000; index++) turn(index);
    expect(usedMemory() - before).toBeLessThan(MIB);
  });

  test('over time: what rests is dropped', () => {
    const clock = new ManualClock();
    const store = new MemoryRateLimitStore({ now: clock.read });
    const fill = (round: number): void => {
      for (let index = 0; index < 20_000; index++) store.take([{ key: `${round}/${index}`, policy }]);
      clock.now += 61_000;
    };
    for (let round = 0; round < 3; round++) fill(round);
    const before = usedMemory();
    for (let round = 3; round < 20; round++) fill(round);
    expect(usedMemory() - before).toBeLessThan(2 * MIB);
  });
});
