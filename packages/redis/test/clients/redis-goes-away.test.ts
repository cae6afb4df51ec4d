import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClientStore } from 'portlight';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { connect, openClients, type OpenClients, type TestMachine } from './open-client-stores.ts';

const TTL_MS = 5_000;

async function idsOf(end: ClientStore): Promise<readonly string[]> {
  return (await end.list()).map(({ id }) => id).sort();
}

/** Resolves when a machine can reach Redis. */
async function reached({ link }: TestMachine): Promise<void> {
  await expect.poll(() => link.send(['PING']).catch(() => undefined)).toBe('PONG');
}

describe.runIf(HAS_REDIS)('when Redis goes away, its clients', () => {
  let server: RedisServer;
  let opened: OpenClients;
  let [a, b] = [] as unknown as [TestMachine, TestMachine];
  beforeEach(async () => {
    server = await RedisServer.start();
    opened = await openClients(server, 2, 1_000);
    [a, b] = opened.machines as [TestMachine, TestMachine];
  });
  afterEach(async () => {
    await opened.close();
    await server[Symbol.asyncDispose]();
  });

  test('are connected again after a restart, with what is known of them', async () => {
    const [before] = await connect(a.end('1'), 'ada', 'bob\n', '\0', '\ud800');
    await connect(b.end('1'), 'eve');
    await a.end('1').remove('bob\n');
    await server.restart();
    await expect.poll(() => idsOf(b.end('1')).catch(() => [])).toEqual(['\0', 'ada', 'eve', '\ud800']);
    const after = await b.end('1').get('ada');
    expect(after).toEqual({ ...before, lastSeenAt: after?.lastSeenAt });
    expect((await b.end('1').removeOwn()).map(({ id }) => id)).toEqual(['eve']);
    expect((await a.end('1').removeOwn()).map(({ id }) => id).sort()).toEqual(['\0', 'ada', '\ud800']);
  });

  test('are connected again after it was flushed', async () => {
    const ids = Array.from({ length: 700 }, (_, index) => `c${index}`).sort();
    await connect(a.end('1'), ...ids);
    await a.link.send(['FLUSHALL']);
    await expect.poll(() => idsOf(b.end('1'))).toEqual(ids);
  });

  test('that others have removed are not connected again', async () => {
    await connect(a.end('1'), 'ada', 'bob', 'eve');
    await b.end('1').remove('ada');
    await opened.advance(60_000);
    b.end('1').noteRequest('eve', 1);
    await b.end('1').get('eve');
    expect((await b.end('1').removeIdle(30_000)).map(({ id }) => id)).toEqual(['bob']);
    await a.link.send(['FLUSHALL']);
    await expect.poll(() => idsOf(b.end('1'))).toEqual(['eve']);
  });

  test('whose removal a machine has not heard of are not connected again', async () => {
    await connect(a.end('1'), 'ada', 'bob');
    a.link.on('clients', () => {});
    await b.end('1').remove('ada');
    // Each second some are compared with what Redis has.
    await new Promise<void>((resolve) => {
      a.link.onAnswer = (operation) => {
        if (operation === 'describe') setImmediate(resolve);
      };
    });
    await a.link.send(['FLUSHALL']);
    await expect.poll(() => idsOf(b.end('1'))).toEqual(['bob']);
  });

  test('that have gone to an heir are connected again as its own', async () => {
    const told: string[] = [];
    a.end('heir').connect({ lost: (clients) => void told.push(...clients.map(({ id }) => id)) });
    await connect(a.end('1'), 'ada');
    await connect(a.end('2'), 'bob');
    a.store.bequeath(a.link.ownerOf('1'), a.link.ownerOf('heir'));
    await a.store.lose(a.link.ownerOf('1'));
    await a.store.lose(a.link.ownerOf('2'));
    expect(told).toEqual(['bob']);
    await a.link.send(['FLUSHALL']);
    await expect.poll(() => idsOf(b.end('1'))).toEqual(['ada']);
    expect((await a.end('heir').removeOwn()).map(({ id }) => id)).toEqual(['ada']);
  });

  test('stay where it was stopped for a while, and a removal meanwhile is told once or not made', async () => {
    await connect(a.end('1'), 'ada', 'bob');
    server.pause();
    const removing = Promise.resolve(a.end('1').remove('ada')).catch(() => undefined);
    a.end('1').noteRequest('bob', 1);
    await expect
      .poll(
        () =>
          a.link.send(['PING']).then(
            () => false,
            () => true,
          ),
        { timeout: 5_000 },
      )
      .toBe(true);
    const asking = a.end('1').get('bob');
    await expect(asking).rejects.toThrow();
    server.resume();
    await reached(a);
    const removed = await removing;
    await reached(b);
    expect(await b.end('1').has('ada')).toBe(removed === undefined);
    expect(await b.end('1').has('bob')).toBe(true);
  });

  test('cannot be asked for, nor connected, nor removed', async () => {
    await server.kill();
    await expect.poll(() => a.link.isReachable).toBe(false);
    const end = a.end('1');
    for (const call of [
      () => end.has('ada'),
      () => end.get('ada'),
      () => end.list(),
      () => end.count(),
      () => end.reserve('ada', '', TTL_MS),
      () => end.commit('ada'),
      () => end.abort('ada'),
      () => end.remove('ada'),
      () => end.removeOwn(),
    ])
      await expect(call()).rejects.toThrow();
    expect(end.noteRequest('ada')).toBeUndefined();
    a.store.bequeath(a.link.ownerOf('1'), a.link.ownerOf('2'));
    await expect(a.store.lose(a.link.ownerOf('1'))).rejects.toThrow();
  });

  test('have who is told of them, from when it is there', async () => {
    const told: string[] = [];
    await server.kill();
    b.end('1').connect({ lost: (clients) => void told.push(...clients.map(({ id }) => id)) });
    await server.restart();
    await reached(a);
    await connect(a.end('1'), 'ada');
    await a.store.lose(a.link.ownerOf('1'));
    await expect.poll(() => told).toEqual(['ada']);
  });
});
