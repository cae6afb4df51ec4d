import { describe, expect, test } from 'vitest';
import { createPolicy, LeaseCounter, LeasedRateLimitStore } from '../../src/index.ts';
import { joinLines } from '../support/joined-lines.ts';

function openChildren(count: number) {
  const counter = new LeaseCounter();
  const children = Array.from({ length: count }, () => {
    const [near, far] = joinLines();
    counter.attach(far);
    return { line: near, store: new LeasedRateLimitStore(near) };
  });
  return { counter, children };
}

describe('children of one counter', () => {
  test.each([1, 7, 40, 100, 1_000])('admit exactly %d for 8 clients on 4 of them', async (max) => {
    const { children } = openChildren(4);
    const policy = createPolicy({ max, windowSeconds: 60 });
    let admitted = 0;
    await Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        for (let index = 0; index < max; index++) {
          const [decision] = await (children[(client + index) % 4] as (typeof children)[0]).store.take([
            { key: 'a', policy },
          ]);
          if (decision?.isAllowed === true) admitted++;
        }
      }),
    );
    expect(admitted).toBe(max);
  });
});
