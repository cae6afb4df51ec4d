import { describe, expect, test } from 'vitest';
import { createPolicy, type RateLimitDecision, type RateLimitPolicy } from '../../src/index.ts';
import { Family, settle } from '../support/family.ts';

const minute = createPolicy({ max: 100, windowSeconds: 60 });

async function takeOne(
  family: Family,
  child: number,
  key: string,
  policy: RateLimitPolicy,
): Promise<RateLimitDecision> {
  return ((await family.store(child).take([{ key, policy }])) as [RateLimitDecision])[0];
}

async function takeMany(family: Family, child: number, count: number): Promise<number> {
  for (let index = 0; index < count; index++) await takeOne(family, child, 'a', minute);
  return count;
}

/** 8 clients on some children of a family, each of which takes half of `max`, from one after the other. */
async function rush(
  family: Family,
  key: string,
  policy: RateLimitPolicy,
  children: readonly number[] = [...family.children.keys()],
): Promise<number> {
  let admitted = 0;
  const client = async (_: unknown, number: number): Promise<void> => {
    for (let index = 0; index < policy.max / 2; index++) {
      const child = children[(number + index) % children.length] as number;
      if ((await takeOne(family, child, key, policy)).isAllowed) admitted++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  return admitted;
}

describe('processes that share counts', () => {
  test('admit exactly the limit to 8 clients on 4 of them, a thousand times', async () => {
    const family = new Family(4);
    const policies = [1, 3, 20, 50, 100].map((max) => createPolicy({ max, windowSeconds: 60 }));
    for (let round = 0; round < 20; round++) {
      const rushes = policies.flatMap((policy) =>
        Array.from({ length: 10 }, async (_, key) =>
          expect(await rush(family, `${round}/${key}`, policy)).toBe(policy.max),
        ),
      );
      await Promise.all(rushes);
    }
  }, 60_000);

  test('admit exactly the limit although one dies, and what one that is silent holds when that has ended', async () => {
    for (let round = 0; round < 10; round++) {
      const family = new Family(4);
      let admitted = await takeMany(family, 0, round % 20);
      admitted += await takeMany(family, 1, (round * 7) % 30);
      family.children[0]?.far.hold();
      family.store(1).close();
      family.children[1]?.near.close();
      family.children[1] = family.open();
      const others: number[] = [];
      void rush(family, 'a', minute, [1, 2, 3]).then((count) => others.push(count));
      // Until the one that is silent is waited for no longer.
      while (others.length === 0) {
        await settle();
        family.now += 1;
      }
      admitted += others[0] as number;
      expect(admitted).toBeLessThanOrEqual(100);
      expect(admitted).toBeGreaterThanOrEqual(100 - (round % 20 === 0 ? 0 : 12));
      family.now += 3_000;
      expect(admitted + (await rush(family, 'a', minute, [1, 2, 3]))).toBe(100);
    }
  }, 60_000);
});
