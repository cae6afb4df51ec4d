import { describe, type ExpectStatic, test } from 'vitest';
import { CutProxy } from '../support/cut-proxy.ts';
import { freshPrefix } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { AppMachine } from './app-machine.ts';
import { machinesIn } from './what-stays.ts';

const NAMES = ['ada', 'bob', 'eve'];
const LOST = NAMES.map((name) => `disconnected ${name}: worker-lost`);

async function connectAll(machine: AppMachine): Promise<void> {
  for (const name of NAMES) await machine.get('/connect', name);
}

/** Each client's end is told once, by a machine that lives, also when nothing of the one that stopped is left. */
async function expectTold(expect: ExpectStatic, redis: RedisServer, stopped: AppMachine, lives: AppMachine) {
  await expect.poll(() => lives.clients.toSorted(), { timeout: 15_000 }).toEqual(LOST);
  await expect.poll(() => machinesIn(redis), { timeout: 15_000 }).toHaveLength(1);
  expect(lives.clients.toSorted()).toEqual(LOST);
  expect(stopped.clients).toEqual(NAMES.map((name) => `connected ${name}`));
  expect(await lives.server.clients.count()).toBe(0);
}

describe.runIf(HAS_REDIS).concurrent('the clients of a machine that stops', () => {
  test('while Redis stands still are told by another', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const prefix = freshPrefix();
    await using a = await AppMachine.open({ name: 'a', url: redis.url, prefix });
    await using b = await AppMachine.open({ name: 'b', url: redis.url, prefix });
    await connectAll(a);
    redis.pause();
    await a.server.shutdown();
    redis.resume();
    await expectTold(expect, redis, a, b);
  });

  test('while Redis stands still are told by the next one, where it is the last', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const prefix = freshPrefix();
    await using a = await AppMachine.open({ name: 'a', url: redis.url, prefix });
    await connectAll(a);
    redis.pause();
    await a.server.shutdown();
    redis.resume();
    await using b = await AppMachine.open({ name: 'b', url: redis.url, prefix });
    await expectTold(expect, redis, a, b);
  });

  test('where no answer of Redis comes are told by another', async ({ expect }) => {
    await using redis = await RedisServer.start();
    await using proxy = await CutProxy.open(redis.port);
    const prefix = freshPrefix();
    await using a = await AppMachine.open({ name: 'a', url: proxy.url, prefix });
    await using b = await AppMachine.open({ name: 'b', url: redis.url, prefix });
    await connectAll(a);
    proxy.swallow({ way: 'from Redis' });
    await a.server.shutdown();
    await expectTold(expect, redis, a, b);
  });

  test('as their connection is cut are told by another', async ({ expect }) => {
    await using redis = await RedisServer.start();
    await using proxy = await CutProxy.open(redis.port);
    const prefix = freshPrefix();
    await using a = await AppMachine.open({ name: 'a', url: proxy.url, prefix });
    await using b = await AppMachine.open({ name: 'b', url: redis.url, prefix });
    await connectAll(a);
    proxy.swallow({ way: 'from Redis' });
    const stopping = a.server.shutdown();
    // The removal has taken place, and no answer to it ever comes.
    await expect.poll(() => b.server.clients.count()).toBe(0);
    proxy.cut();
    await stopping;
    await expectTold(expect, redis, a, b);
  });
});
