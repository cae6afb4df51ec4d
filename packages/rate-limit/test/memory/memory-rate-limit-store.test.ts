import { describe, expect, test } from 'vitest';
import {
  createPolicy,
  MemoryRateLimitStore,
  type MemoryRateLimitStoreOptions,
  type RateLimitDecision,
  type RateLimitPolicy,
} from '../../src/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const policy = createPolicy({ max: 3, windowSeconds: 16 });

function open(maxKeys: number): {
  clock: ManualClock;
  store: MemoryRateLimitStore;
  take: (key: string, of?: RateLimitPolicy) => RateLimitDecision;
} {
  const clock = new ManualClock();
  const store = new MemoryRateLimitStore({ maxKeys, now: clock.read });
  return { clock, store, take: (key, of = policy) => store.take([{ key, policy: of }])[0] as RateLimitDecision };
}

describe('the options of the store in memory', () => {
  test('need not be given', () => {
    const store = new MemoryRateLimitStore();
    expect(store.take([{ key: 'a', policy }])).toEqual([{ policy, isAllowed: true, remaining: 2, resetSeconds: 0 }]);
  });

  test.each<[options: Record<string, unknown>, message: string]>([
    [{ maxKeys: 0 }, 'Invalid option maxKeys: it must be a whole number of keys from 1 to 10,000,000, not 0.'],
    [{ maxKeys: 10_000_001 }, 'not 10000001.'],
    [{ maxKeys: Number.POSITIVE_INFINITY }, 'not Infinity.'],
    [{ maxKeys: '5' }, "not '5'."],
    [{ now: 5 }, 'Invalid option now: it must be a function that tells the time in ms, not 5.'],
  ])('are refused: %o', (options, message) => {
    expect(() => new MemoryRateLimitStore(options as MemoryRateLimitStoreOptions)).toThrow(message);
    expect(() => new MemoryRateLimitStore(options as MemoryRateLimitStoreOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
    );
  });
});

describe('a store that is full', () => {
  test('counts new keys of a policy together, and leaves those it has alone', () => {
    const { take } = open(2);
    take('a');
    take('b');
    expect(['c', 'd', 'e', 'f', 'c'].map((key) => take(key).isAllowed)).toEqual([true, true, true, false, false]);
    expect([take('a').remaining, take('b').remaining]).toEqual([1, 1]);
  });

  test('has such a count for each policy', () => {
    const { take } = open(1);
    const other = createPolicy({ name: 'other', max: 2, windowSeconds: 16 });
    take('a');
    expect(['c', 'd', 'e', 'f'].map((key) => take(key).isAllowed)).toEqual([true, true, true, false]);
    expect(['c', 'd', 'e', 'f'].map((key) => take(key, other).isAllowed)).toEqual([true, true, false, false]);
  });

  test('takes one unit for all keys of one take that share a count', () => {
    const { store, take } = open(1);
    take('a');
    const claims = ['a', 'b', 'c'].map((key) => ({ key, policy }));
    expect(store.take(claims).map(({ remaining }) => remaining)).toEqual([1, 2, 2]);
    expect(take('d').remaining).toBe(1);
  });

  test('has room for as many keys of one take as are free', () => {
    const { store, take } = open(3);
    take('a');
    store.take(['b', 'c', 'd', 'e'].map((key) => ({ key, policy })));
    expect(['b', 'c', 'd'].map((key) => take(key).remaining)).toEqual([1, 1, 1]);
    expect(take('e').remaining).toBe(0);
  });

  test('gives a key its own count when there is room, which begins with the shared one', () => {
    const { clock, take } = open(1);
    take('a');
    clock.now += 15_000;
    expect([take('b').isAllowed, take('b').isAllowed]).toEqual([true, true]);
    clock.now += 1_000;
    // The key a is gone; b took two units a second ago, but so may c have done.
    expect([take('b').isAllowed, take('b').isAllowed]).toEqual([true, false]);
    clock.now += 15_000;
    expect(take('b').remaining).toBe(1);
    clock.now += 1_000;
    expect(take('b').remaining).toBe(1);
  });

  test('gives each key its own count, when several get room', () => {
    const { clock, take } = open(2);
    take('a');
    take('b');
    clock.now += 15_500;
    take('c');
    clock.now += 500;
    expect([take('c').remaining, take('c').remaining, take('c').remaining]).toEqual([1, 0, 0]);
    expect([take('d').remaining, take('d').remaining]).toEqual([1, 0]);
  });

  test('keeps those who are denied through the change of generations', () => {
    const { clock, take } = open(20);
    take('first');
    clock.now += 8_000;
    for (let unit = 0; unit < 3; unit++) take('attacker');
    for (let second = 0; second < 15; second++) {
      clock.now += 1_000;
      for (let index = 0; index < 50; index++) take(`${second}/${index}`);
      expect(take('attacker')).toMatchObject({ isAllowed: false, resetSeconds: 15 - second });
    }
  });

  test('gives nobody the shared count when that is a window old', () => {
    const { clock, take } = open(1);
    take('a');
    expect([take('b'), take('b'), take('b'), take('c')].map(({ isAllowed }) => isAllowed)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    clock.now += 16_000;
    expect(take('c').remaining).toBe(2);
  });

  test('makes room at once for what has its whole quota again, whatever policy it is of', () => {
    const { clock, take } = open(3);
    const short = createPolicy({ name: 'short', max: 3, windowSeconds: 1 });
    for (const key of ['a', 'b', 'c']) take(key, short);
    clock.now += 1_000;
    for (const key of ['a', 'b', 'c']) expect(take(key).remaining).toBe(2);
    for (const key of ['a', 'b', 'c']) expect(take(key).remaining).toBe(1);
    // There is room for no more: these share a count.
    expect(take('d').remaining).toBe(2);
    expect(take('e').remaining).toBe(1);
  });

  test('makes room little by little among the keys of the last window but one', () => {
    const { clock, take } = open(64);
    take('first');
    clock.now += 10_000;
    for (let index = 0; index < 63; index++) take(`old ${index}`);
    clock.now += 6_000;
    take('first');
    clock.now += 10_000;
    // All old keys are a window old, and not yet dropped.
    for (let index = 0; index < 63; index++) expect(take(`new ${index}`).remaining).toBe(2);
    expect(take('one more').remaining).toBe(2);
    expect(take('and one more').remaining).toBe(1);
    expect(take('first').remaining).toBe(1);
  });

  test('forgets nobody who uses it, whatever else comes', () => {
    const { clock, take } = open(100);
    for (let round = 0; round < 500; round++) {
      const { isAllowed } = take('steady');
      expect(isAllowed).toBe(round % 16 < 3);
      for (let index = 0; index < 50; index++) take(`${round}-${index}`);
      clock.now += 1_000;
    }
  });
});

describe('a take that is denied', () => {
  test('leaves no key behind', () => {
    const { store, take } = open(2);
    const other = createPolicy({ name: 'other', max: 1, windowSeconds: 16 });
    take('a', other);
    for (let index = 0; index < 10; index++)
      store.take([
        { key: `new ${index}`, policy },
        { key: 'a', policy: other },
      ]);
    expect(take('b').remaining).toBe(2);
    expect(take('c').remaining).toBe(2);
    expect(take('d').remaining).toBe(1);
  });
});

describe('a clock', () => {
  test('that goes back stands still', () => {
    const { clock, take } = open(10);
    for (let unit = 0; unit < 3; unit++) take('a');
    clock.now -= 1e9;
    expect(take('a')).toEqual({ policy, isAllowed: false, remaining: 0, resetSeconds: 16 });
    clock.now += 1e9 + 16_000;
    expect(take('a').isAllowed).toBe(true);
  });

  test('that tells no number stands still', () => {
    const { clock, take } = open(10);
    for (let unit = 0; unit < 3; unit++) take('a');
    clock.now = Number.NaN;
    expect(take('a')).toEqual({ policy, isAllowed: false, remaining: 0, resetSeconds: 16 });
  });

  test.each([0, -1e12, 2 ** 51, 8.64e15])('may begin at %d', (start) => {
    const { clock, take } = open(10);
    clock.now = start;
    expect(Array.from({ length: 4 }, () => take('a').isAllowed)).toEqual([true, true, true, false]);
    clock.now += take('a').resetSeconds * 1_000 - 1_000;
    expect(take('a').isAllowed).toBe(false);
    clock.now += 1_000;
    expect(take('a').isAllowed).toBe(true);
  });
});
