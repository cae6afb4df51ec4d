import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientStoreContract } from 'portlight/testing';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { connect, openClients, openClientStores, type TestMachine } from './open-client-stores.ts';

describe.runIf(HAS_REDIS)('clients in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server[Symbol.asyncDispose]());

  describe.each([
    { where: 'of one machine', processes: [1, 1, 1] },
    { where: 'of two machines', processes: [0, 1, 0, 1] },
    { where: 'of which one is on another machine', processes: [1, 0, 0] },
  ])('keep what a store of clients promises, for processes $where', ({ processes }) => {
    test.each(clientStoreContract)('$name', ({ run }) => run((most) => openClientStores(server, most, processes)));
  });
  test('that are connected behind the removal of all stay', async () => {
    const opened = await openClients(server, 1, 1_000);
    const [a] = opened.machines as readonly [TestMachine];
    const end = a.end('1');
    await connect(end, ...Array.from({ length: 600 }, (_, index) => `c${index}`));
    const removing = end.removeOwn();
    const ids = ['ada', 'c1'];
    const places = ids.map(async (id) => end.reserve(id, '', 5_000));
    const committing = ids.map(async (id) => end.commit(id));
    expect((await removing).length).toBe(600);
    expect([await Promise.all(places), (await Promise.all(committing)).map((client) => client?.id)]).toEqual([
      ['reserved', 'reserved'],
      ['ada', 'c1'],
    ]);
    expect(await end.count()).toBe(2);
    await opened.close();
  });

  test('that were never decided take no room, and leave nothing', async () => {
    const opened = await openClients(server, 1, 20);
    const [a] = opened.machines as readonly [TestMachine];
    const [link, end] = [a.link, a.end('1')];
    for (let round = 0; round < 5; round++) {
      for (let index = 0; index < 20; index++)
        expect(await end.reserve(`${round} ${index}`, '', 1_000)).toBe('reserved');
      expect(await end.reserve('one more', '', 1_000)).toBe('full');
      await opened.advance(1_001);
    }
    const sizes = [
      link.send(['HLEN', link.key('clients', 'reserved')]),
      link.send(['ZCARD', link.key('clients', 'lapses')]),
      link.send(['SCARD', link.key('clients', 'own', link.ownerOf('1'))]),
    ];
    expect(await Promise.all(sizes)).toEqual([20, 20, 20]);
    await opened.close();
  });

  test('are listed with the longest silent first', async () => {
    const opened = await openClients(server, 1, 20);
    const [a] = opened.machines as readonly [TestMachine];
    const end = a.end('1');
    for (const id of ['a', 'b', 'c']) {
      await connect(end, id);
      await opened.advance(10);
    }
    end.noteRequest('b');
    expect((await end.list()).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
    await opened.close();
  });
});
