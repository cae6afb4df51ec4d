import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServiceUnavailableError } from 'portlight';
import { valueStoreContract } from 'portlight/testing';
import type { RedisLink } from '../../src/link/redis-link.ts';
import { RedisValueStore } from '../../src/values/redis-value-store.ts';
import { openMachines, type OpenMachines } from '../support/open-machines.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';

interface OpenStore {
  readonly link: RedisLink;
  readonly store: RedisValueStore;
  readonly opened: OpenMachines;
}

async function openStore(server: RedisServer): Promise<OpenStore> {
  const opened = await openMachines(server, 1);
  const link = opened.links[0] as RedisLink;
  return { link, store: new RedisValueStore(link), opened };
}

describe.runIf(HAS_REDIS)('values in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server[Symbol.asyncDispose]());

  describe('keep what a store of values promises, over two machines', () => {
    test.each(valueStoreContract)('$name', ({ run }) =>
      run(async () => {
        const opened = await openMachines(server, 2);
        return { ...opened, ends: opened.links.map((link) => new RedisValueStore(link)) };
      }),
    );
  });

  test('are kept with their time', async () => {
    const { link, store, opened } = await openStore(server);
    await store.set('key', 'x', 5_000);
    await store.claim('key', 7_000);
    for (const [key, most] of [
      ['value', 5_000],
      ['claim', 7_000],
    ] as const) {
      const left = Number(await link.send(['PTTL', link.key(key, 'key')]));
      expect(left).toBeGreaterThan(most - 5_000);
      expect(left).toBeLessThanOrEqual(most);
    }
    await opened.close();
  });

  test('may have the longest time that is one', async () => {
    const { store, opened } = await openStore(server);
    await store.set('key', 'x', Number.MAX_SAFE_INTEGER);
    expect(await store.claim('key', Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(await store.get('key')).toBe('x');
    await opened.close();
  });

  test('have no half of a surrogate pair in key or value', async () => {
    const { store, opened } = await openStore(server);
    for (const call of [
      () => store.get('a\ud800'),
      () => store.set('a\ud800', 'x', 1_000),
      () => store.set('a', '\udc00', 1_000),
      () => store.delete('\ud800'),
      () => store.claim('\ud800\ud800', 1_000),
    ])
      await expect(call()).rejects.toThrow(TypeError);
    await opened.close();
  });
});

describe.runIf(HAS_REDIS)('where Redis has no room', () => {
  test('nothing is added, and what was there stays', async () => {
    await using server = await RedisServer.start('--maxmemory-policy', 'noeviction');
    const { link, store, opened } = await openStore(server);
    await store.set('kept', 'x', 60_000);
    await link.send(['CONFIG', 'SET', 'maxmemory', 1]);
    const full = expect.objectContaining({ status: 503, headers: { 'retry-after': '10' } });
    await expect(store.claim('nonce', 60_000)).rejects.toEqual(full);
    await expect(store.set('kept', 'y', 60_000)).rejects.toEqual(full);
    await expect(store.set('new', 'y', 60_000)).rejects.toThrow(ServiceUnavailableError);
    expect(await store.get('kept')).toBe('x');
    await store.delete('kept');
    await link.send(['CONFIG', 'SET', 'maxmemory', 0]);
    expect(await store.claim('nonce', 60_000)).toBe(true);
    await opened.close();
  });
});
