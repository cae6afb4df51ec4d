import { describe, expect, test } from 'vitest';
import { EventClient } from '../../../portlight/test/support/event-client.ts';
import { CutProxy } from '../support/cut-proxy.ts';
import { freshPrefix } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { AppMachine } from './app-machine.ts';
import { listen } from './listener.ts';

describe.runIf(HAS_REDIS).concurrent('around an outage', () => {
  test('who resumes behind what Redis has lost hears a gap', async ({ expect: expectHere }) => {
    await using redis = await RedisServer.start();
    await using machine = await AppMachine.open({ name: 'a', url: redis.url });
    const { id } = await machine.server.publish('kept', 'before');
    await redis.restart();
    await expectHere.poll(() => machine.said.at(-1)).toBe('back');
    await machine.server.publish('kept', 'after');
    await using stream = await EventClient.open(machine.port, '/of/kept', { 'last-event-id': id as string });
    const [gap, after] = await stream.events(2);
    expect(gap).toMatchObject({ event: 'portlight.gap' });
    expect(after).toMatchObject({ data: 'after' });
  });

  test('a publication with an id is repeated until it was made, and is made once', async ({ expect: expectHere }) => {
    await using redis = await RedisServer.start();
    await using machine = await AppMachine.open({ name: 'a', url: redis.url });
    await using listener = await listen(machine, 'live');
    redis.pause();
    const publish = () => machine.server.publish('live', 'once', { id: 'one' });
    await expect(publish()).rejects.toMatchObject({ status: 503 });
    redis.resume();
    await expectHere.poll(() => publish().catch(() => undefined)).toMatchObject({ id: 'one' });
    await machine.server.publish('live', 'last');
    await expectHere.poll(() => listener.heard).toContain('last');
    // Who was cut off at the very moment hears of a gap in its place.
    const before = listener.heard.slice(0, listener.heard.indexOf('last'));
    expect(before.filter((each) => each === 'once').length).toBeLessThan(2);
    expect(before).not.toEqual([]);
  });

  test('the clients of a machine that is cut off for long are told of, and have to connect again', async ({
    expect: expectHere,
  }) => {
    await using redis = await RedisServer.start();
    await using proxy = await CutProxy.open(redis.port);
    const prefix = freshPrefix();
    await using a = await AppMachine.open({ name: 'a', url: proxy.url, prefix });
    await using b = await AppMachine.open({ name: 'b', url: redis.url, prefix });
    await a.get('/connect', 'ada');
    await b.get('/connect', 'bob');
    proxy.cut();
    await expectHere.poll(() => b.clients).toContain('disconnected ada: worker-lost');
    expect(await b.get('/members', 'bob')).toMatchObject({ status: 200 });
    proxy.mend();
    await expectHere.poll(() => a.get('/members', 'bob').then(({ status }) => status)).toBe(200);
    await expectHere.poll(() => a.get('/members', 'ada').then(({ status }) => status)).toBe(403);
    expect([...a.clients, ...b.clients].filter((each) => each.startsWith('disconnected'))).toHaveLength(1);
  });
});
