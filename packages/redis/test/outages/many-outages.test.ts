import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { freshPrefix } from '../support/open-link.ts';
import { AppMachine } from './app-machine.ts';
import { listen } from './listener.ts';
import { keysIn, machinesIn } from './what-stays.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is in use when nothing that could go is left. */
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await delay(20);
    collect();
  }
  return process.memoryUsage().heapUsed;
}

describe.runIf(HAS_REDIS)('over many outages', () => {
  test('a machine does not grow, and heals from each', async () => {
    await using redis = await RedisServer.start();
    await using machine = await AppMachine.open({ name: 'a', url: redis.url });
    await using other = await AppMachine.open({ name: 'b', url: redis.url });
    await using _ada = await listen(machine, 'live', 'ada');
    await using bob = await listen(other, 'kept', 'bob');
    await machine.get('/connect', 'eve');

    async function breakDown(round: number): Promise<void> {
      await redis.ask('CLIENT KILL TYPE normal', 'CLIENT KILL TYPE pubsub', ...(round % 2 === 0 ? ['FLUSHALL'] : []));
      for (let index = 0; index < 20; index++) void machine.server.publish('kept', 'x'.repeat(1_000)).catch(() => {});
      await Promise.allSettled([
        machine.get('/limited'),
        machine.get('/members'),
        machine.get('/disconnect', 'nobody'),
      ]);
      const guest = await listen(machine, 'live', `guest${round}`);
      await guest[Symbol.asyncDispose]();
      await expect
        .poll(async () => {
          await machine.server.publish('kept', round).catch(() => {});
          await delay(20);
          return bob.heard;
        })
        .toContain(`${round}`);
    }

    for (let round = 0; round < 10; round++) await breakDown(round);
    const before = await heapBytes();
    for (let round = 10; round < 60; round++) await breakDown(round);
    const grown = (await heapBytes()) - before;
    expect(grown).toBeLessThan(4_000_000);
    expect((await machine.server.presence('live')).map(({ member }) => member)).toEqual(['ada']);
    expect(machine.told.filter((each) => each.endsWith('ada'))).toEqual(['joined ada']);
    expect(await machine.get('/members', 'eve')).toMatchObject({ status: 200 });
  });

  test('nothing stays in Redis when all have left, but what has a bound', async () => {
    await using redis = await RedisServer.start();
    const prefix = freshPrefix();
    const machines = [
      await AppMachine.open({ name: 'a', url: redis.url, prefix }),
      await AppMachine.open({ name: 'b', url: redis.url, prefix }),
    ] as const;
    for (const machine of machines) {
      await using listener = await listen(machine, 'live', 'ada');
      await machine.server.publish('live', machine.name, { id: machine.name });
      await machine.server.publish('kept', 'two');
      await machine.get('/connect', machine.name);
      await machine.get('/three');
      await expect.poll(() => listener.heard).toContain(machine.name);
    }
    await redis.ask('CLIENT KILL TYPE normal', 'CLIENT KILL TYPE pubsub');
    for (const machine of machines) await expect.poll(() => machine.server.clients.count().catch(() => 0)).toBe(2);
    for (const machine of machines) await machine[Symbol.asyncDispose]();
    await expectLittleLeft(redis, prefix);
  });

  test('nor when they have stopped while Redis stood still', async () => {
    await using redis = await RedisServer.start();
    const prefix = freshPrefix();
    const machine = await AppMachine.open({ name: 'a', url: redis.url, prefix });
    await using _listener = await listen(machine, 'live', 'ada');
    await machine.get('/connect', 'eve');
    redis.pause();
    await machine[Symbol.asyncDispose]();
    redis.resume();
    await expectLittleLeft(redis, prefix);
  });

  /** The next machine takes away what those have left that could say nothing, and then goes as well. */
  async function expectLittleLeft(redis: RedisServer, prefix: string): Promise<void> {
    const last = await AppMachine.open({ name: 'c', url: redis.url, prefix });
    await expect.poll(() => machinesIn(redis), { timeout: 15_000 }).toHaveLength(1);
    await last[Symbol.asyncDispose]();
    const keys = await keysIn(redis);
    // Who came last leaves its name to the next one. The history has no time here; the rest ends by itself.
    const lasting = [
      /^shared$/,
      /^machines$/,
      /^machines:\w+$/,
      /^clients:life$/,
      /^(topic|history):kept$/,
      /^oldest$/,
    ];
    const passing = [/^once:/, /^limit:/, /^limits:/, /^clients:recalled:/];
    expect(keys.filter((key) => ![...lasting, ...passing].some((each) => each.test(key)))).toEqual([]);
    expect(await machinesIn(redis)).toHaveLength(1);
    for (const key of keys.filter((each) => passing.some((kind) => kind.test(each))))
      expect({ key, ttl: await redis.ask(`PTTL '{${prefix}}:${key}'`) }).toMatchObject({
        ttl: expect.stringMatching(/^:[1-9]/) as string,
      });
  }
});
