import { describe, expect, test } from 'vitest';
import { createPolicy, type RateLimitDecision, type RateLimitPolicy } from '../../src/index.ts';
import { Family, settle } from '../support/family.ts';

const leased = createPolicy({ max: 100, windowSeconds: 64 });
const small = createPolicy({ name: 'small', max: 2, windowSeconds: 64 });

async function take(family: Family, child: number, ...policies: readonly RateLimitPolicy[]) {
  return family.store(child).take(policies.map((policy) => ({ key: 'a', policy })));
}

async function takeOne(family: Family, child: number, policy: RateLimitPolicy): Promise<RateLimitDecision> {
  return ((await take(family, child, policy)) as readonly [RateLimitDecision])[0];
}

async function takeMany(family: Family, child: number, count: number, policy: RateLimitPolicy): Promise<number> {
  let admitted = 0;
  for (let index = 0; index < count; index++) if ((await takeOne(family, child, policy)).isAllowed) admitted++;
  return admitted;
}

describe('a process that holds leases', () => {
  test('uses what it holds without asking, and says how much it may still use alone', async () => {
    const family = new Family(2);
    expect(await takeOne(family, 0, leased)).toMatchObject({ isAllowed: true, remaining: 24, resetSeconds: 0 });
    for (const remaining of [23, 22, 21]) expect(await takeOne(family, 0, leased)).toMatchObject({ remaining });
    expect(family.store(0).take([{ key: 'a', policy: leased }])).toMatchObject([{ isAllowed: true, remaining: 20 }]);
    expect(family.questions).toBe(1);
  });

  test('asks once for all who wait', async () => {
    const family = new Family(2);
    const takes = Array.from({ length: 20 }, () => takeOne(family, 0, leased));
    expect((await Promise.all(takes)).every(({ isAllowed }) => isAllowed)).toBe(true);
    expect(family.questions).toBe(1);
  });

  test('uses nothing after two parts of a window, and what it asked for meanwhile is free again', async () => {
    const family = new Family(2);
    await takeOne(family, 0, leased);
    family.now += 1_999;
    await takeOne(family, 0, leased);
    family.now += 1;
    await takeOne(family, 0, leased);
    expect(family.questions).toBe(2);
    family.now += 3_000;
    expect(await takeMany(family, 1, 200, leased)).toBe(97);
  });

  test('gives back what it does not use before another is denied', async () => {
    const family = new Family(3);
    await takeMany(family, 0, 3, leased);
    await takeMany(family, 1, 3, leased);
    expect(await takeMany(family, 2, 200, leased)).toBe(94);
    expect(family.recalls).toBe(2);
  });

  test('remembers a denial until it ends, and does not ask', async () => {
    const family = new Family(2);
    for (const policy of [leased, small]) {
      await takeMany(family, 0, policy.max + 1, policy);
      const { questions } = family;
      for (let second = 64; second > 0; second--) {
        expect(await takeOne(family, 0, policy)).toMatchObject({
          isAllowed: false,
          remaining: 0,
          resetSeconds: second,
        });
        family.now += 1_000;
      }
      expect(family.questions).toBe(questions);
      expect(await takeOne(family, 0, policy)).toMatchObject({ isAllowed: true });
    }
  });

  test('says of the last unit of all that none remains, and when one comes back', async () => {
    const family = new Family(2);
    await takeMany(family, 0, 60, leased);
    await takeMany(family, 1, 39, leased);
    expect(await takeOne(family, 0, leased)).toMatchObject({ isAllowed: true, remaining: 0, resetSeconds: 64 });
    expect(await takeOne(family, 1, leased)).toMatchObject({ isAllowed: false, remaining: 0, resetSeconds: 64 });
  });

  test('takes several claims as one whole, leased or not', async () => {
    const family = new Family(2);
    for (let count = 0; count < 2; count++) await take(family, count, leased, small);
    expect(await take(family, 0, leased, small)).toMatchObject([
      { isAllowed: true, remaining: 98, resetSeconds: 0 },
      { isAllowed: false, remaining: 0, resetSeconds: 64 },
    ]);
    const { questions } = family;
    expect(await take(family, 0, leased, small)).toMatchObject([{ remaining: 98 }, { isAllowed: false }]);
    expect(family.questions).toBe(questions);
    expect(await takeMany(family, 1, 200, leased)).toBe(98);
  });

  test('counts a key that is claimed twice once', async () => {
    const family = new Family(2);
    for (let count = 0; count < 5; count++)
      expect((await take(family, 0, leased, leased)).map(({ remaining }) => remaining)).toEqual([
        24 - count,
        24 - count,
      ]);
  });

  test('rejects when who counts is gone, also what waits', async () => {
    const family = new Family(1);
    const waiting = [takeOne(family, 0, leased), takeOne(family, 0, leased), takeOne(family, 0, small)];
    family.children[0]?.far.close();
    for (const take of waiting) await expect(take).rejects.toThrow('The process that counts is gone.');
    await expect(takeOne(family, 0, leased)).rejects.toThrow('The process that counts is gone.');
  });

  test('forgets keys beyond its bound, and is right about them all the same', async () => {
    const family = new Family(1, { maxKeys: 1_000 });
    const store = family.store(0);
    const claimsOf = (key: number) => [{ key: `key ${key}`, policy: leased }];
    for (let key = 0; key < 1_100; key++) await store.take(claimsOf(key));
    const known = family.questions;
    for (let key = 990; key < 1_100; key++) await store.take(claimsOf(key));
    expect(family.questions).toBe(known);
    for (let key = 0; key < 10; key++) await store.take(claimsOf(key));
    expect(family.questions).toBe(known + 10);
    let admitted = 2;
    for (let unit = 0; unit < 200; unit++) if ((await store.take(claimsOf(0)))[0]?.isAllowed === true) admitted++;
    expect(admitted).toBe(100);
  });
});

describe('who counts', () => {
  test('counts what a process used late, and never admits that again', async () => {
    const family = new Family(2);
    await takeMany(family, 0, 11, leased);
    family.children[0]?.near.hold();
    family.store(0).close();
    family.now += 10_000;
    family.children[0]?.near.release();
    await settle();
    expect(await takeMany(family, 1, 200, leased)).toBe(89);
  });

  test('counts what a process used and said, and none of what it held, when that dies', async () => {
    const family = new Family(2);
    await takeMany(family, 0, 11, leased);
    family.store(0).close();
    family.children[0]?.near.close();
    await settle();
    expect(await takeMany(family, 1, 200, leased)).toBe(89);
    expect(family.recalls).toBe(0);
  });

  test('waits once for who is silent, asks it nothing until it speaks, and counts what it holds meanwhile', async () => {
    const family = new Family(2);
    await takeMany(family, 0, 1, leased);
    family.children[0]?.far.hold();
    const rest = takeMany(family, 1, 200, leased);
    while (family.recalls === 0) await settle();
    family.now += 5;
    expect(await rest).toBe(75);
    family.now += 3_000;
    expect(await takeMany(family, 1, 200, leased)).toBe(24);
    expect(family.recalls).toBe(1);
    family.children[0]?.far.release();
    await settle();
    await takeOne(family, 0, leased);
    expect(family.recalls).toBe(1);
  });

  test('forgets a denial when it hears of units that came back meanwhile', async () => {
    const family = new Family(2);
    await takeMany(family, 0, 1, leased);
    family.children[0]?.far.hold();
    const rest = takeMany(family, 1, 76, leased);
    while (family.recalls === 0) await settle();
    family.now += 5;
    expect(await rest).toBe(75);
    family.children[0]?.far.release();
    await settle();
    expect(await takeOne(family, 1, leased)).toMatchObject({ isAllowed: false });
    expect(await take(family, 1, leased, small)).toMatchObject([{ isAllowed: true }, { isAllowed: true }]);
    expect(await takeOne(family, 1, leased)).toMatchObject({ isAllowed: true });
  });

  test('says truly when one more is admitted, where a process that is stuck holds what is left', async () => {
    const family = new Family(2);
    await takeMany(family, 0, 1, leased);
    family.children[0]?.far.hold();
    const rest = takeMany(family, 1, 200, leased);
    while (family.recalls === 0) await settle();
    family.now += 5;
    await rest;
    const { isAllowed, resetSeconds } = await takeOne(family, 1, leased);
    expect([isAllowed, resetSeconds]).toEqual([false, 3]);
    family.now += resetSeconds * 1_000;
    expect(await takeOne(family, 1, leased)).toMatchObject({ isAllowed: true });
  });

  test('takes for itself too, and waits only for what others may give back', async () => {
    const family = new Family(2);
    const claims = [{ key: 'a', policy: leased }];
    await takeMany(family, 0, 2, leased);
    family.store(0).close();
    await settle();
    for (let remaining = 74; remaining > 0; remaining--)
      expect(family.counter.take(claims)).toMatchObject([{ isAllowed: true, remaining }]);
    expect(family.recalls).toBe(0);
    expect(await family.counter.take(claims)).toMatchObject([{ isAllowed: true, remaining: 23 }]);
    expect(family.recalls).toBe(1);
  });

  test('counts one key of any length as one, whoever takes it', async () => {
    const family = new Family(2);
    const claims = [{ key: 'x'.repeat(1_000), policy: small }];
    await family.counter.take(claims);
    await family.store(0).take(claims);
    expect(await family.store(1).take(claims)).toMatchObject([{ isAllowed: false }]);
  });
});
