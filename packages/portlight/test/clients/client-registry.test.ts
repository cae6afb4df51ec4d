import { describe, expect, test, vi } from 'vitest';
import { MemoryClientStore } from '../../src/backplane/memory-client-store.ts';
import { ClientRegistry } from '../../src/clients/client-registry.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';

function open(most = 10): { registry: ClientRegistry; log: RecordingLogger; told: [string, string][] } {
  const log = new RecordingLogger();
  const registry = new ClientRegistry(sharedWith({ clients: new MemoryClientStore(most) }), {
    logger: log,
    verbose: false,
  });
  const told: [string, string][] = [];
  registry.onConnect((client, _clients, reason) => void told.push([`+${client.id}`, reason]));
  registry.onDisconnect((client, _clients, reason) => void told.push([`-${client.id}`, reason]));
  return { registry, log, told };
}

describe('a client', () => {
  test('is there from connect to disconnect, and both are told once', async () => {
    const { registry, told } = open();
    await registry.connect('ada', '192.0.2.1', 'request');
    await registry.connect('ada', '192.0.2.1', 'request');
    expect(await registry.list()).toEqual([
      {
        id: 'ada',
        address: '192.0.2.1',
        connectedAt: expect.any(Number) as number,
        lastSeenAt: expect.any(Number) as number,
        requests: 0,
      },
    ]);
    expect([
      await registry.has('ada'),
      await registry.has('bob'),
      await registry.count(),
      await registry.get('bob'),
    ]).toEqual([true, false, 1, undefined]);
    await registry.disconnect('ada', 'manual');
    await registry.disconnect('ada', 'request');
    expect(await registry.count()).toBe(0);
    expect(told).toEqual([
      ['+ada', 'request'],
      ['-ada', 'manual'],
    ]);
  });

  test('is counted with each request, and another is not', async () => {
    const { registry } = open();
    await registry.connect('ada', 'a', 'manual');
    expect([registry.touch('ada'), registry.touch('ada'), registry.touch('bob')]).toEqual([true, true, false]);
    expect((await registry.get('ada'))?.requests).toBe(2);
  });

  test('is not connected when a handler refuses it', async () => {
    const { registry } = open();
    registry.onConnect(() => Promise.reject(new Error('No.')));
    await expect(registry.connect('ada', 'a', 'request')).rejects.toThrow('No.');
    expect(await registry.count()).toBe(0);
  });

  test('finds no room when there are too many', async () => {
    const { registry } = open(2);
    await registry.connect('a', 'a', 'manual');
    await registry.connect('b', 'b', 'manual');
    await expect(registry.connect('c', 'c', 'request')).rejects.toMatchObject({ status: 503 });
    await registry.connect('a', 'a', 'request');
    expect(await registry.count()).toBe(2);
  });

  test.each(['__proto__', 'constructor', 'toString', ''])('may be called %j', async (id) => {
    const { registry, told } = open();
    expect([registry.touch(id), await registry.has(id)]).toEqual([false, false]);
    await registry.connect(id, 'a', 'manual');
    expect(await registry.has(id)).toBe(true);
    await registry.close();
    expect(told.at(-1)).toEqual([`-${id}`, 'shutdown']);
  });
});

describe('a registry that closes', () => {
  test('disconnects everybody once, whatever a handler does', async () => {
    const { registry, log, told } = open();
    registry.onDisconnect((client) => {
      if (client.id === 'a') throw new Error('broken');
    });
    await registry.connect('a', 'a', 'manual');
    await registry.connect('b', 'b', 'manual');
    await Promise.all([registry.close(), registry.close()]);
    expect(told.slice(2)).toEqual([
      ['-a', 'shutdown'],
      ['-b', 'shutdown'],
    ]);
    expect(log.at('error')).toHaveLength(1);
  });
});

describe('silent clients', () => {
  test('are removed once, the others stay', () => {
    let now = 0;
    const store = new MemoryClientStore(10, () => now);
    store.add('a', 'a');
    store.add('b', 'b');
    now = 600;
    store.touch('a');
    now = 1_000;
    expect(store.removeIdle(1_000).map(({ id }) => id)).toEqual(['b']);
    expect(store.removeIdle(1_000)).toEqual([]);
    now = 1_600;
    expect(store.removeIdle(1_000).map(({ id }) => id)).toEqual(['a']);
    expect(store.isEmpty).toBe(true);
  });

  test('are no matter of the clock on the wall', () => {
    let now = 0;
    const store = new MemoryClientStore(10, () => now);
    vi.useFakeTimers({ toFake: ['Date'], now: 0 });
    store.add('a', 'a');
    vi.setSystemTime(7_200_000);
    now = 10;
    expect(store.removeIdle(1_000)).toEqual([]);
    vi.useRealTimers();
  });

  test('are told of by the watch', async () => {
    const { registry } = open();
    await registry.connect('a', 'a', 'manual');
    const reason = new Promise((resolve) => registry.onDisconnect((_client, _clients, why) => resolve(why)));
    registry.watch(20);
    expect(await reason).toBe('idle');
    await registry.close();
  });
});
