import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPolicy, formatRateLimit, type RateLimitStore } from '../src/index.ts';

// JavaScript without types, with a library that only the example has.
const example = new URL('../../../examples/rate-limiter-flexible/flexible-store.js', import.meta.url).href;
const { FlexibleStore } = (await import(example)) as { FlexibleStore: new () => RateLimitStore };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the store of the example, over rate-limiter-flexible', () => {
  const policy = createPolicy({ max: 2, windowSeconds: 10 });

  test('admits, denies, and admits again after resetSeconds', async () => {
    const store = new FlexibleStore();
    const claims = [{ key: 'a', policy }];
    expect(await store.take(claims)).toEqual([{ policy, isAllowed: true, remaining: 1, resetSeconds: 0 }]);
    expect(await store.take(claims)).toEqual([{ policy, isAllowed: true, remaining: 0, resetSeconds: 10 }]);
    vi.advanceTimersByTime(2_500);
    const denied = await store.take(claims);
    expect(denied).toEqual([{ policy, isAllowed: false, remaining: 0, resetSeconds: 8 }]);
    expect(formatRateLimit(denied)).toEqual({
      'ratelimit-policy': '"default";q=2;w=10',
      ratelimit: '"default";r=0;t=8',
      'retry-after': '8',
    });
    expect((await store.take([{ key: 'b', policy }]))[0]?.isAllowed).toBe(true);
    vi.advanceTimersByTime(8_000);
    expect((await store.take(claims))[0]).toMatchObject({ isAllowed: true, remaining: 1 });
  });

  test('takes from all policies or from none', async () => {
    const store = new FlexibleStore();
    const wide = createPolicy({ name: 'wide', max: 5, windowSeconds: 60 });
    const claims = [
      { key: 'a', policy: wide },
      { key: 'a', policy },
    ];
    for (let count = 0; count < 6; count++) await store.take(claims);
    expect(await store.take(claims)).toMatchObject([
      { isAllowed: true, remaining: 3 },
      { isAllowed: false, remaining: 0 },
    ]);
    expect(await store.take([{ key: 'a', policy: wide }])).toMatchObject([{ isAllowed: true, remaining: 2 }]);
  });

  // Why the framework has a limiter of its own: docs/decisions/rate-limiter-of-our-own.md.
  test('admits nearly twice the limit where two windows meet', async () => {
    const store = new FlexibleStore();
    const hundred = createPolicy({ max: 100, windowSeconds: 10 });
    const admitted = async (count: number): Promise<number> => {
      let sum = 0;
      for (let index = 0; index < count; index++)
        sum += (await store.take([{ key: 'a', policy: hundred }]))[0]?.isAllowed === true ? 1 : 0;
      return sum;
    };
    expect(await admitted(1)).toBe(1);
    vi.advanceTimersByTime(9_999);
    expect(await admitted(200)).toBe(99);
    vi.advanceTimersByTime(1);
    expect(await admitted(200)).toBe(100);
  });
});
