import { describe, expect, test } from 'vitest';
import { MemoryValueStore } from '../../src/backplane/memory-value-store.ts';
import { valueStoreContract } from '../../src/testing/index.ts';

const ROOM = { name: 'ServiceUnavailableError', status: 503 };

describe('the store in memory keeps what a store of values promises', () => {
  test.each(valueStoreContract)('$name', ({ run }) =>
    run(() => {
      let now = 0;
      const store = new MemoryValueStore(1_000_000, () => now);
      return { ends: [store, store], advance: (ms) => void (now += ms), close() {} };
    }),
  );
});

describe('where there is no room', () => {
  test('nothing is added, and what was there stays', () => {
    const store = new MemoryValueStore(1_000, () => 0);
    store.set('a', 'x'.repeat(300), 1_000);
    expect(() => store.set('b', 'x'.repeat(300), 1_000)).toThrow(expect.objectContaining(ROOM));
    expect(() => store.set('a', 'y'.repeat(500), 1_000)).toThrow(expect.objectContaining(ROOM));
    expect(store.get('a')).toBe('x'.repeat(300));
    expect(store.get('b')).toBeUndefined();
    store.set('a', 'z'.repeat(400), 1_000);
    expect(store.get('a')).toBe('z'.repeat(400));
    for (let index = 0; index < 100; index++) store.set('a', 'z'.repeat(400), 1_000);
  });

  test('a claim is refused, and no nonce is forgotten for it', () => {
    const store = new MemoryValueStore(500, () => 0);
    expect([1, 2, 3].map((key) => store.claim(String(key), 1_000))).toEqual([true, true, true]);
    expect(() => store.claim('4', 1_000)).toThrow(expect.objectContaining(ROOM));
    expect(store.claim('1', 1_000)).toBe(false);
  });

  test('what has expired makes it, soon after', () => {
    let now = 0;
    const store = new MemoryValueStore(50_000, () => now);
    let added = 0;
    const fill = (): void => {
      for (;;) store.set(`key ${added++}`, 'x', 1_000);
    };
    expect(fill).toThrow(expect.objectContaining(ROOM));
    expect(added).toBeGreaterThan(300);
    now = 1_000;
    store.set('late', 'x', 1_000);
    expect(store.get('late')).toBe('x');
    for (let index = 0; index < 250; index++) store.set(`new ${index}`, 'x', 60_000);
  });
});
