import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ClientStore } from '../../src/backplane/client-store.ts';
import type { Client } from '../../src/server-view.ts';
import { MemoryClientStore } from '../../src/backplane/memory-client-store.ts';
import { clientStoreContract } from '../../src/testing/index.ts';

function open(most = 10): { store: MemoryClientStore; end: ClientStore } {
  const store = new MemoryClientStore(most);
  return { store, end: store.end('a') };
}

async function connect(end: ClientStore, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    await end.reserve(id, id, 1_000);
    await end.commit(id);
  }
}

describe('the store in memory keeps what a store of clients promises', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test.each(clientStoreContract)('$name', ({ run }) =>
    run((most) => {
      const store = new MemoryClientStore(most);
      const owners = new Map(['a', 'b', 'c'].map((owner) => [store.end(owner), owner]));
      return {
        ends: [...owners.keys()],
        advance: (ms) => void vi.advanceTimersByTime(ms),
        settle() {},
        lose: (end) => store.lose(owners.get(end) as string),
        close() {},
      };
    }),
  );
});

describe('a process that is gone', () => {
  test('is told of when another one comes, where none lives', async () => {
    const { store, end } = open();
    end.connect({ lost: () => {} });
    await connect(end, 'ada');
    await store.lose('a');
    const lost: string[] = [];
    const told = new Promise<void>((resolve) => {
      store.end('b').connect({
        lost(clients: readonly Client[]) {
          lost.push(...clients.map(({ id }) => id));
          resolve();
        },
      });
    });
    await told;
    expect(lost).toEqual(['ada']);
  });

  test('leaves its clients to its heir, those that came late too, and nobody is told', async () => {
    const { store, end } = open();
    const heir = store.end('heir');
    const lost = vi.fn<() => void>();
    for (const each of [end, heir, store.end('other')]) each.connect({ lost });
    await connect(end, 'ada');
    store.bequeath('a', 'heir');
    await connect(end, 'bob');
    await store.lose('a');
    expect(await heir.count()).toBe(2);
    expect(lost).not.toHaveBeenCalled();
    expect((await heir.removeOwn()).map(({ id }) => id)).toEqual(['ada', 'bob']);
  });

  test('has no heir that is gone as well', async () => {
    const { store, end } = open();
    const lost: string[] = [];
    const heir = store.end('heir');
    for (const each of [store.end('other'), end, heir])
      each.connect({ lost: (clients) => void lost.push(...clients.map(({ id }) => id)) });
    await connect(end, 'ada');
    await connect(heir, 'bob');
    store.bequeath('a', 'heir');
    await store.lose('heir');
    await store.lose('a');
    expect(lost).toEqual(['bob', 'ada']);
    expect(await end.count()).toBe(0);
  });

  test('holds nobody that has disconnected before', async () => {
    const { store, end } = open();
    const other = store.end('b');
    const lost = vi.fn<() => void>();
    other.connect({ lost });
    await connect(end, 'ada');
    await other.remove('ada');
    await store.lose('a');
    expect(lost).not.toHaveBeenCalled();
  });
});

test('whoever sets the clock on the wall makes nobody silent', async () => {
  const { end } = open();
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
  await connect(end, 'a');
  vi.setSystemTime(7_200_000);
  expect(await end.removeIdle(1_000)).toEqual([]);
  vi.useRealTimers();
});

test('a request counts for the order of who is silent the longest', async () => {
  let now = 0;
  const end = new MemoryClientStore(10, () => now).end('a');
  await connect(end, 'a', 'b');
  now = 600;
  end.noteRequest('a');
  now = 1_000;
  expect((await end.removeIdle(1_000)).map(({ id }) => id)).toEqual(['b']);
  now = 1_600;
  expect((await end.removeIdle(1_000)).map(({ id }) => id)).toEqual(['a']);
});
