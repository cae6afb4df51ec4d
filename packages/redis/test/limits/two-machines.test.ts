import { createPolicy, LeasedRateLimitStore, type RateLimitPolicy, type RateLimitStore } from '@portlight/rate-limit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RedisLimits } from '../../src/limits/redis-limits.ts';
import { limitKey } from '../../src/limits/limit-key.ts';
import { LIMITS } from '../../src/limits/limits-script.ts';
import type { RedisLink } from '../../src/link/redis-link.ts';
import { freshPrefix, openLink } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { joinLines } from './joined-lines.ts';

const hundred = createPolicy({ max: 100, windowSeconds: 3_600 });
const five = createPolicy({ name: 'five', max: 5, windowSeconds: 3_600 });
const bucket = createPolicy({ name: 'bucket', max: 50, windowSeconds: 3_600, algorithm: 'token-bucket' });

let server: RedisServer;
let links: readonly RedisLink[];
let machines: readonly RedisLimits[];
let children = 0;

beforeAll(async () => {
  if (HAS_REDIS) server = await RedisServer.start();
});

beforeEach(async () => {
  const prefix = freshPrefix();
  links = [await openLink(server.url, { prefix }, [LIMITS]), await openLink(server.url, { prefix }, [LIMITS])];
  // Who looks at what they count needs no answer in time.
  machines = links.map((link) => new RedisLimits(link, { commandTimeoutMs: 3_000 }));
});

afterEach(async () => {
  for (const link of links) await link.close();
});

afterAll(async () => {
  if (HAS_REDIS) await server[Symbol.asyncDispose]();
});

/** A child of a machine. */
function child(machine: number): LeasedRateLimitStore {
  const [near, far] = joinLines();
  (machines[machine] as RedisLimits).attach(far, (links[machine] as RedisLink).ownerOf(String(++children)));
  return new LeasedRateLimitStore(near);
}

/** Two machines with the process of the link and two children each. */
function everybody(): readonly RateLimitStore[] {
  return [...machines, child(0), child(0), child(1), child(1)];
}

async function isAdmitted(store: RateLimitStore, policy: RateLimitPolicy, key = 'a'): Promise<boolean> {
  return (await store.take([{ key, policy }])).every(({ isAllowed }) => isAllowed);
}

/** How many of so many takes are admitted, which are made at once by turns. */
async function admitted(stores: readonly RateLimitStore[], count: number, policy: RateLimitPolicy): Promise<number> {
  const takes = Array.from({ length: count }, (_, index) =>
    isAdmitted(stores[index % stores.length] as RateLimitStore, policy),
  );
  return (await Promise.all(takes)).filter(Boolean).length;
}

describe.runIf(HAS_REDIS)('two machines with two children each', () => {
  test.each([hundred, five, bucket])('admit what $name allows together, at once', async (policy) => {
    expect(await admitted(everybody(), 600, policy)).toBe(policy.max);
  });

  test('admit all that is allowed one after the other, and tell when more is', async () => {
    const stores = everybody();
    let count = 0;
    for (let index = 0; index < 150; index++)
      if (await isAdmitted(stores[index % stores.length] as RateLimitStore, hundred)) count++;
    expect(count).toBe(100);
    const [decision] = await (stores[0] as RateLimitStore).take([{ key: 'a', policy: hundred }]);
    expect(decision).toMatchObject({ isAllowed: false, remaining: 0 });
    expect(decision?.resetSeconds).toBeGreaterThan(3_590);
    expect(decision?.resetSeconds).toBeLessThanOrEqual(3_600);
  });

  test('take from all policies or from none', async () => {
    const stores = everybody();
    const takes = stores.map(async (store) =>
      store.take([
        { key: 'a', policy: hundred },
        { key: 'a', policy: five },
      ]),
    );
    const passed = (await Promise.all(takes)).filter((decisions) => decisions.every(({ isAllowed }) => isAllowed));
    expect(passed).toHaveLength(5);
    expect(await admitted(stores, 600, hundred)).toBe(95);
  });

  test('have what one gives back when it closes, which may go on', async () => {
    const [one, other] = machines as readonly [RedisLimits, RedisLimits];
    await isAdmitted(one, hundred);
    one.close();
    await links[0]?.send(['PING']);
    expect((await other.take([{ key: 'a', policy: hundred }]))[0]?.remaining).toBe(24);
    expect(await admitted([one, other], 200, hundred)).toBe(98);
  });

  test('do not wait for a machine that is lost', async () => {
    const [one, other] = machines as readonly [RedisLimits, RedisLimits];
    await isAdmitted(one, hundred);
    await other.lose(`${links[0]?.machine}/own`);
    expect(await admitted([other], 200, hundred)).toBe(50);
  });

  test('begin anew after a flush', async () => {
    const stores = everybody();
    expect(await admitted(stores, 600, five)).toBe(5);
    await server.ask('FLUSHALL');
    const fresh = everybody();
    expect(await admitted(fresh, 600, five)).toBe(5);
  });

  test('leave keys that go by themselves', async () => {
    const quick = createPolicy({ name: 'quick', max: 16, windowSeconds: 4 });
    const stores = everybody();
    await admitted(stores, 60, quick);
    await admitted(stores, 60, bucket);
    const link = links[0] as RedisLink;
    const keys = (await link.send(['KEYS', link.key('limit*')])) as readonly string[];
    expect(keys.length).toBeGreaterThanOrEqual(3);
    for (const key of keys) expect(await link.send(['PTTL', key])).toBeGreaterThan(0);
  });

  test('take no more of Redis than is said for a key', async () => {
    const link = links[0] as RedisLink;
    const sizeOf = async (key: string): Promise<number> =>
      Number(await link.send(['MEMORY', 'USAGE', key, 'SAMPLES', 0]));
    await isAdmitted(machines[0] as RedisLimits, five, '10.0.0.1');
    await isAdmitted(machines[0] as RedisLimits, bucket, '10.0.0.1');
    await isAdmitted(machines[0] as RedisLimits, hundred, '10.0.0.1');
    const sizes = await Promise.all(
      [five, bucket, hundred].map((policy) => sizeOf(limitKey(link, policy, '10.0.0.1'))),
    );
    for (const size of sizes) expect(size).toBeLessThan(300);
  });
});

describe.runIf(HAS_REDIS)('while Redis', () => {
  async function recover(): Promise<void> {
    server.resume();
    await server.ask('CONFIG SET maxmemory 0', 'REPLICAOF NO ONE');
  }

  afterEach(recover);

  const FAULTS: readonly [string, () => unknown][] = [
    ['is stopped', () => server.pause()],
    ['has no memory left', () => server.ask('CONFIG SET maxmemory 1')],
    ['takes no writes', () => server.ask('REPLICAOF 127.0.0.1 1')],
  ];

  test.each(FAULTS)('%s, takes reject in time, of children too, and work again afterwards', async (_how, begin) => {
    machines = links.map((link) => new RedisLimits(link));
    const stores = [machines[0] as RedisLimits, child(0)];
    for (const store of stores) expect(await isAdmitted(store, five, 'before')).toBe(true);
    await begin();
    const start = performance.now();
    for (const policy of [hundred, five])
      for (const store of stores) await expect(isAdmitted(store, policy)).rejects.toThrow('does not answer');
    // Four times 100 ms, one after the other, on a machine that others use too.
    expect(performance.now() - start).toBeLessThan(2_000);
    await recover();
    for (const store of stores)
      await expect.poll(() => isAdmitted(store, hundred, 'after').catch(() => false)).toBe(true);
  });
});
