import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { freshPrefix } from '../support/open-link.ts';
import { AppMachine, type MachineTerms } from './app-machine.ts';
import { listen } from './listener.ts';

/** What a request may take when nobody waits for Redis, on a machine that others use too. */
const AT_ONCE_MS = 900;

describe.runIf(HAS_REDIS)('while Redis is away', () => {
  let redis: RedisServer;
  const machines: AppMachine[] = [];
  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine[Symbol.asyncDispose]()));
    await redis[Symbol.asyncDispose]();
  });

  async function open(count: number, terms: Partial<MachineTerms> = {}): Promise<readonly AppMachine[]> {
    const prefix = freshPrefix();
    for (let index = 0; index < count; index++)
      machines.push(await AppMachine.open({ name: `m${index}`, url: redis.url, prefix, ...terms }));
    return machines;
  }

  /** Redis is away for good, and the machine knows. */
  async function lose(machine: AppMachine): Promise<void> {
    await redis.kill();
    await expect.poll(() => machine.said).toContain('away');
  }

  async function statuses(machine: AppMachine, path: string, count: number): Promise<readonly number[]> {
    const found: number[] = [];
    for (let index = 0; index < count; index++) found.push((await machine.get(path)).status);
    return found;
  }

  test("each machine counts for itself with 'local', and together again when it is back", async () => {
    const [a, b] = (await open(2, { limitTimeoutMs: 900 })) as [AppMachine, AppMachine];
    await lose(a);
    expect(await statuses(a, '/three', 4)).toEqual([200, 200, 200, 429]);
    expect(await statuses(b, '/three', 4)).toEqual([200, 200, 200, 429]);
    await redis.restart();
    for (const machine of [a, b]) await expect.poll(() => machine.said.at(-1)).toBe('back');
    // What was counted meanwhile, and before, Redis does not know.
    const after = [...(await statuses(a, '/three', 3)), ...(await statuses(b, '/three', 3))];
    expect(after.filter((status) => status === 200)).toHaveLength(3);
  });

  test("all pass with 'allow', and none with 'deny'", async () => {
    const [allowing] = (await open(1, { onStoreError: 'allow' })) as [AppMachine];
    await open(1, { onStoreError: 'deny' });
    const denying = machines[1] as AppMachine;
    await lose(allowing);
    await expect.poll(() => denying.said).toContain('away');
    expect(await statuses(allowing, '/three', 5)).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses(denying, '/three', 2)).toEqual([503, 503]);
    expect(await statuses(denying, '/plain', 1)).toEqual([200]);
    await redis.restart();
    await expect.poll(() => denying.get('/three').then(({ status }) => status)).toBe(200);
  });

  test('no request waits for it', async () => {
    const [machine] = (await open(1)) as [AppMachine];
    await using listener = await listen(machine, 'live', 'ada');
    await lose(machine);
    for (const path of ['/plain', '/limited', '/members', '/connect', '/disconnect'])
      for (const { ms } of await Promise.all(Array.from({ length: 20 }, () => machine.get(path))))
        expect(ms).toBeLessThan(AT_ONCE_MS);
    const askedAt = performance.now();
    await machine.server.publish('live', 'here');
    await expect(machine.server.publish('live', 'once', { id: 'one' })).rejects.toMatchObject({ status: 503 });
    await expect(machine.server.presence('live')).rejects.toMatchObject({ status: 503 });
    await expect(machine.server.clients.list()).rejects.toMatchObject({ status: 503 });
    expect(performance.now() - askedAt).toBeLessThan(AT_ONCE_MS);
    await expect.poll(() => listener.heard).toEqual(['here']);
  });

  test('no request waits for it much longer than a second, where it only does not answer', async () => {
    const [machine] = (await open(1)) as [AppMachine];
    redis.pause();
    const until = performance.now() + 3_000;
    const waits: number[] = [];
    while (performance.now() < until) {
      const asked = ['/plain', '/limited', '/members', '/connect'].map((path) => machine.get(path));
      for (const { ms } of await Promise.all(asked)) waits.push(ms);
      await delay(20);
    }
    expect(Math.max(...waits)).toBeLessThan(1_100 + AT_ONCE_MS);
    redis.resume();
    await expect.poll(() => machine.said.at(-1)).toBe('back');
    await expect.poll(() => machine.get('/connect', 'ada').then(({ status }) => status)).toBe(200);
  });

  test('who is connected is not known, and is as before when it is back', async () => {
    const [a, b] = (await open(2)) as [AppMachine, AppMachine];
    expect(await a.get('/connect', 'ada')).toMatchObject({ status: 200 });
    expect(await b.get('/connect', 'bob')).toMatchObject({ status: 200 });
    await lose(a);
    expect(await a.get('/members', 'ada')).toMatchObject({ status: 503 });
    expect(await a.get('/connect', 'eve')).toMatchObject({ status: 503 });
    await redis.restart();
    for (const machine of [a, b])
      await expect.poll(() => machine.get('/members', 'ada').then(({ status }) => status)).toBe(200);
    await expect.poll(async () => (await b.server.clients.list()).map(({ id }) => id).sort()).toEqual(['ada', 'bob']);
    expect([...a.clients, ...b.clients]).toEqual(['connected ada', 'connected bob']);
    expect(await b.get('/disconnect', 'ada')).toMatchObject({ status: 200 });
    expect(await a.get('/members', 'ada')).toMatchObject({ status: 403 });
    expect([...a.clients, ...b.clients]).toContain('disconnected ada: request');
  });

  test('a stop ends in time', async () => {
    const [machine] = (await open(1)) as [AppMachine];
    await lose(machine);
    const askedAt = performance.now();
    expect(await machine.server.shutdown()).toMatchObject({ forced: 0 });
    expect(performance.now() - askedAt).toBeLessThan(3_000);
  });
});
