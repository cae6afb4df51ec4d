import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ClientStore } from '../../src/backplane/client-store.ts';
import type { Client } from '../../src/server-view.ts';
import { MemoryClientStore } from '../../src/backplane/memory-client-store.ts';
import { Patience } from '../../src/backplane/patience.ts';
import { SharedState } from '../../src/backplane/shared-state.ts';
import { ClientRegistry } from '../../src/clients/client-registry.ts';
import { deferred } from '../support/deferred.ts';
import { failureOf } from '../support/failure-of.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';

interface Process {
  readonly registry: ClientRegistry;
  readonly log: RecordingLogger;
  readonly told: [string, string][];
}

function openWith(clients: ClientStore): Process {
  const log = new RecordingLogger();
  const holder = { logger: log, verbose: false };
  const registry = new ClientRegistry(sharedWith({ clients }, holder), holder);
  const told: [string, string][] = [];
  registry.onConnect((client, _clients, reason) => void told.push([`+${client.id}`, reason]));
  registry.onDisconnect((client, _clients, reason) => void told.push([`-${client.id}`, reason]));
  return { registry, log, told };
}

const open = (most = 10): Process => openWith(new MemoryClientStore(most).end('a'));

/** Two processes with one store. */
function openTwo(): { store: MemoryClientStore; a: Process; b: Process } {
  const store = new MemoryClientStore(10);
  const [a, b] = [openWith(store.end('a')), openWith(store.end('b'))];
  // Each connects to its end when it first asks something of it.
  void a.registry.count();
  void b.registry.count();
  return { store, a, b };
}

afterEach(() => void vi.useRealTimers());

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
    for (const id of ['ada', 'ada', 'bob']) registry.noteRequest(id);
    expect([registry.isConnected('ada'), registry.isConnected('bob')]).toEqual([true, false]);
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
    expect([registry.isConnected(id), await registry.has(id)]).toEqual([false, false]);
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

test('all handlers of a disconnect are told, and who asked for it of the first failure', async () => {
  const { registry } = open();
  const told: string[] = [];
  for (const name of ['first', 'second'])
    registry.onDisconnect(() => {
      told.push(name);
      throw new Error(name);
    });
  await registry.connect('ada', 'a', 'manual');
  await expect(registry.disconnect('ada', 'request')).rejects.toThrow('first');
  expect([told, await registry.has('ada')]).toEqual([['first', 'second'], false]);
});

describe('silent clients', () => {
  test('are told of by the watch', async () => {
    const { registry } = open();
    await registry.connect('a', 'a', 'manual');
    const reason = new Promise((resolve) => registry.onDisconnect((_client, _clients, why) => resolve(why)));
    registry.watch(20);
    expect(await reason).toBe('idle');
    await registry.close();
  });
});

describe('two processes with one store', () => {
  test('tell of one client once', async () => {
    const { a, b } = openTwo();
    const gate = deferred();
    a.registry.onConnect(() => gate.promise);
    const first = a.registry.connect('ada', 'a', 'request');
    const second = b.registry.connect('ada', 'a', 'request');
    await new Promise(setImmediate);
    expect(await b.registry.has('ada')).toBe(false);
    gate.resolve();
    await Promise.all([first, second]);
    expect(await b.registry.has('ada')).toBe(true);
    await Promise.all([a.registry.disconnect('ada', 'request'), b.registry.disconnect('ada', 'request')]);
    const [told, others] = [a.told, b.told].map((each) => each.map(([what]) => what));
    expect([...(told ?? []), ...(others ?? [])].toSorted()).toEqual(['+ada', '-ada']);
  });

  test('ask the handlers of the next one, where those of the first refuse', async () => {
    const { a, b } = openTwo();
    const gate = deferred();
    a.registry.onConnect(() => gate.promise);
    const first = a.registry.connect('ada', 'a', 'request');
    const second = b.registry.connect('ada', 'a', 'request');
    gate.reject(new Error('Not here.'));
    await expect(first).rejects.toThrow('Not here.');
    await second;
    expect(b.told).toEqual([['+ada', 'request']]);
    expect(await a.registry.has('ada')).toBe(true);
  });

  test('disconnect their own clients when they stop', async () => {
    const { a, b } = openTwo();
    await a.registry.connect('ada', 'a', 'request');
    await b.registry.connect('bob', 'b', 'request');
    await a.registry.close();
    expect(a.told).toEqual([
      ['+ada', 'request'],
      ['-ada', 'shutdown'],
    ]);
    expect((await b.registry.list()).map(({ id }) => id)).toEqual(['bob']);
    await expect(a.registry.connect('eve', 'e', 'request')).rejects.toMatchObject({ status: 503 });
    expect(await b.registry.count()).toBe(1);
  });

  test('tell of the clients of one that is gone without a word', async () => {
    const { store, a, b } = openTwo();
    const told = deferred();
    b.registry.onDisconnect(() => told.promise);
    await a.registry.connect('ada', 'a', 'request');
    let isAcknowledged = false;
    const losing = store.lose('a').then(() => (isAcknowledged = true));
    await new Promise(setImmediate);
    expect(b.told).toEqual([['-ada', 'worker-lost']]);
    expect(isAcknowledged).toBe(false);
    told.resolve();
    await losing;
    expect(await b.registry.has('ada')).toBe(false);
  });
});

describe('a connect handler that takes too long', () => {
  test('refuses the client, and holds its place no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { a, b } = openTwo();
    a.registry.onConnect(() => new Promise(() => {}));
    const refusal = failureOf(a.registry.connect('ada', 'a', 'request'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await refusal).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    await b.registry.connect('ada', 'a', 'request');
    expect(b.told).toEqual([['+ada', 'request']]);
  });

  test('of a process that died is waited for no longer than its place is kept', async () => {
    const { store, b } = openTwo();
    await store.end('c').reserve('ada', 'a', 60);
    await b.registry.connect('ada', 'a', 'request');
    expect(b.told).toEqual([['+ada', 'request']]);
  });
});

/** A store of which every method does the same. */
function storeThat(act: () => unknown): ClientStore {
  return new Proxy({} as ClientStore, { get: (_store, name) => (name === 'connect' ? () => {} : act) });
}

const FAILURES: readonly [string, () => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('away');
    },
  ],
  ['rejects', () => Promise.reject(new Error('away'))],
  ['never answers', () => new Promise(() => {})],
  ['answers null', () => null],
  ['answers null, late', () => Promise.resolve(null)],
  ['answers a text', () => Promise.resolve('yes')],
  ['answers a fraction', () => 0.5],
  ['answers with half a client', () => Promise.resolve({ id: 'ada' })],
  ['answers with no clients', () => Promise.resolve([undefined])],
];

describe.each(FAILURES)('a store that %s', (_how, act) => {
  test('costs who waits a 503, and nobody else anything', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { registry, log, told } = openWith(storeThat(act));
    for (let index = 0; index < 3; index++) registry.noteRequest('ada');
    const refusals = [
      failureOf(Promise.resolve(registry.isConnected('ada'))),
      failureOf(registry.connect('ada', 'a', 'request')),
      failureOf(registry.disconnect('bob', 'request')),
      failureOf(registry.list()),
      failureOf(registry.get('ada')),
      failureOf(registry.has('ada')),
      failureOf(registry.count()),
    ];
    const closing = registry.close();
    await vi.advanceTimersByTimeAsync(1_000);
    for (const refusal of refusals)
      expect(await refusal).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    await closing;
    expect(told).toEqual([]);
    expect(log.at('error')).toEqual([]);
    expect(log.at('warn').filter(({ message }) => message.includes('who is connected'))).toHaveLength(1);
    expect(log.at('warn').length).toBeLessThanOrEqual(3);
  });
});

describe('a request', () => {
  test('waits for a second at most, whatever it asks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { registry } = openWith(storeThat(() => new Promise(() => {})));
    const patience = new Patience();
    const limited = patience.watch(new Promise<void>((done) => setTimeout(done, 900)));
    await vi.advanceTimersByTimeAsync(900);
    await limited;
    const refusals = [
      failureOf(Promise.resolve(registry.isConnected('ada', () => patience))),
      failureOf(registry.connect('ada', 'a', 'request', patience)),
      failureOf(registry.disconnect('bob', 'request', patience)),
    ];
    await vi.advanceTimersByTimeAsync(100);
    for (const refusal of refusals) expect(await refusal).toMatchObject({ status: 503 });
  });
});

test('a stop waits for the store no longer than it can', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { registry } = openWith(storeThat(() => new Promise(() => {})));
  const closing = registry.close(300);
  await vi.advanceTimersByTimeAsync(300);
  await closing;
});

describe('a store that answers too late', () => {
  test('has its clients told of nevertheless', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const store = new MemoryClientStore(10).end('a');
    const late = <Answer>(call: () => Answer | Promise<Answer>): Promise<Answer> =>
      new Promise<void>((done) => setTimeout(done, 3_000)).then(call);
    const { registry, told } = openWith({
      ...store,
      remove: (id) => late(() => store.remove(id)),
      removeOwn: () => late(() => store.removeOwn()),
    });
    await registry.connect('ada', 'a', 'request');
    await registry.connect('bob', 'b', 'request');
    const leaving = failureOf(registry.disconnect('ada', 'request'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await leaving).toMatchObject({ status: 503 });
    const closing = registry.close();
    await vi.advanceTimersByTimeAsync(1_000);
    await closing;
    expect(told.slice(2)).toEqual([]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(told.slice(2)).toEqual([
      ['-ada', 'request'],
      ['-bob', 'shutdown'],
    ]);
  });

  test('is asked for the silent ones again, and those that it found are told of when it answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
    const store = new MemoryClientStore(10).end('a');
    const first = deferred<readonly Client[]>();
    let asked = 0;
    const { registry, told, log } = openWith({
      ...store,
      removeIdle: (idleMs) => (asked++ === 0 ? first.promise : store.removeIdle(idleMs)),
    });
    await registry.connect('ada', 'a', 'request');
    registry.watch(400);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(300);
    expect(told).toContainEqual(['-ada', 'idle']);
    expect(log.at('warn')).toHaveLength(1);
    first.resolve([{ id: 'bob', address: 'b', connectedAt: 0, lastSeenAt: 0, requests: 0 }]);
    await vi.advanceTimersByTimeAsync(0);
    expect(told.at(-1)).toEqual(['-bob', 'idle']);
    await registry.close();
  });

  test('is asked for the silent ones one time after the other', async () => {
    let asked = 0;
    const first = deferred<readonly never[]>();
    const again = deferred();
    const store: ClientStore = {
      ...new MemoryClientStore(10).end('a'),
      removeIdle() {
        asked += 1;
        if (asked === 1) return first.promise;
        again.resolve();
        return [];
      },
    };
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { registry } = openWith(store);
    registry.watch(100);
    vi.advanceTimersByTime(1_000);
    expect(asked).toBe(1);
    first.resolve([]);
    await new Promise(setImmediate);
    vi.advanceTimersByTime(100);
    await again.promise;
    await registry.close();
  });
});

describe('a store whose answer is lost', () => {
  test.each(['reserve', 'commit'] as const)('holds nobody up: %s', async (method) => {
    const store = new MemoryClientStore(10).end('a');
    let isAway = true;
    const lose =
      <Args extends unknown[], Answer>(call: (...args: Args) => Answer | Promise<Answer>) =>
      async (...args: Args): Promise<Answer> => {
        const answer = await call(...args);
        if (isAway) throw new Error('away');
        return answer;
      };
    const abort = (id: string): unknown => (isAway ? Promise.reject(new Error('away')) : store.abort(id));
    const { registry } = openWith({ ...store, [method]: lose(store[method] as never), abort: abort as never });
    await expect(registry.connect('ada', 'a', 'request')).rejects.toMatchObject({ status: 503 });
    isAway = false;
    const askedAt = performance.now();
    await registry.connect('ada', 'a', 'request');
    expect(performance.now() - askedAt).toBeLessThan(5_000);
    expect(await registry.count()).toBe(1);
  });
});

test('nobody is asked for who is connected before anybody can be', async () => {
  const { registry } = open();
  expect(registry.mayHaveClients).toBe(true);
  const alone = new ClientRegistry(new SharedState({ logger: new RecordingLogger(), verbose: false }), {
    logger: new RecordingLogger(),
    verbose: false,
  });
  expect(alone.mayHaveClients).toBe(false);
  await alone.connect('ada', 'a', 'manual');
  expect(alone.mayHaveClients).toBe(true);
});
