import assert from 'node:assert/strict';
import type { ClientStore } from '../backplane/client-store.ts';
import type { Client } from '../server-view.ts';

/** The stores of one case: the ends of several processes, joined. */
export interface OpenClientStores {
  /** At least three, of different processes that live; nobody is connected. */
  readonly ends: readonly ClientStore[];
  /** Lets the time go on, for reservations and for who is silent. */
  advance(ms: number): void | Promise<void>;
  /** Resolves when all that was said has arrived. */
  settle(): void | Promise<void>;
  /** Ends the process of an end without a word, and resolves when that is known. */
  lose(end: ClientStore): void | Promise<void>;
  close(): void | Promise<void>;
}

/** One sentence that holds for every store of clients. */
export interface ClientStoreCase {
  readonly name: string;
  /**
   * Rejects with an `AssertionError` where the sentence does not hold.
   *
   * @param open makes empty stores with room for `most` clients; the case closes them
   */
  readonly run: (open: (most: number) => OpenClientStores | Promise<OpenClientStores>) => Promise<void>;
}

const TTL_MS = 5_000;

/** Stores in one case, and whom their processes were told of. */
class Trial {
  readonly a: ClientStore;
  readonly b: ClientStore;
  readonly opened: OpenClientStores;
  readonly lost: string[] = [];
  /** What a process does with what it is told. */
  onLost: (clients: readonly Client[], end: ClientStore) => void | Promise<void> = () => {};

  constructor(opened: OpenClientStores) {
    this.opened = opened;
    const [a, b] = opened.ends;
    assert.ok(a !== undefined && b !== undefined && opened.ends.length > 2, 'the ends of three processes');
    [this.a, this.b] = [a, b];
    for (const end of opened.ends) {
      end.connect({
        lost: async (clients) => {
          await this.onLost(clients, end);
          this.lost.push(...clients.map(({ id }) => id));
        },
      });
    }
  }

  async connect(end: ClientStore, ...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      assert.equal(await end.reserve(id, `address of ${id}`, TTL_MS), 'reserved', `there is a place for ${id}`);
      assert.equal((await end.commit(id))?.id, id);
    }
  }

  async idsOf(end: ClientStore): Promise<readonly string[]> {
    return toIds(await end.list());
  }
}

/**
 * What a `ClientStore` must do, as a table for any test runner:
 *
 * @example
 * for (const { name, run } of clientStoreContract) test(name, () => run((most) => openMyStores(most)));
 */
export const clientStoreContract: readonly ClientStoreCase[] = [
  define('who is connected is seen by all, with all that is known of it', async ({ a, b, opened }) => {
    const before = Date.now();
    assert.equal(await a.reserve('ada', '192.0.2.1', TTL_MS), 'reserved');
    assert.deepEqual([await b.has('ada'), await b.count()], [false, 0], 'a place is no client');
    const committed = await a.commit('ada');
    await opened.settle();
    for (const end of [a, b]) {
      const client = await end.get('ada');
      assert.deepEqual(client, committed);
      assert.deepEqual([client?.id, client?.address, client?.requests], ['ada', '192.0.2.1', 0]);
      assert.ok(Number.isInteger(client?.connectedAt) && Math.abs((client?.connectedAt ?? 0) - before) < 60_000);
      assert.deepEqual([await end.has('ada'), await end.has('bob'), await end.get('bob')], [true, false, undefined]);
      assert.deepEqual([await end.count(), await end.list()], [1, [client]]);
    }
  }),

  define('ids are kept apart, whatever they are', async (trial) => {
    const ids = [
      '',
      ' ',
      'a',
      'A',
      'a:b',
      '{a}',
      '*',
      '__proto__',
      'constructor',
      'ä',
      'a\u0308',
      '💡',
      'x'.repeat(256),
    ];
    await trial.connect(trial.a, ...ids);
    assert.equal(await trial.b.count(), ids.length);
    for (const id of ids) assert.equal((await trial.b.remove(id))?.id, id);
    assert.equal(await trial.a.count(), 0);
  }),

  define('one call of several has the place, and the others wait for what becomes of it', async ({ a, b }) => {
    const places = await Promise.all([a.reserve('ada', '', TTL_MS), b.reserve('ada', '', TTL_MS)]);
    assert.deepEqual([...places].sort(), ['reserved', 'undecided']);
    const [owner, other] = places[0] === 'reserved' ? [a, b] : [b, a];
    assert.equal(await owner.reserve('ada', '', TTL_MS), 'undecided', 'also within one process');
    assert.equal(await other.commit('ada'), undefined, 'it is not for others to decide');
    await other.abort('ada');
    assert.equal((await owner.commit('ada'))?.id, 'ada');
    for (const end of [a, b]) assert.equal(await end.reserve('ada', '', TTL_MS), 'connected');
  }),

  define('what is given back is free at once', async ({ a, b }) => {
    await a.abort('ada');
    assert.equal(await a.reserve('ada', '', TTL_MS), 'reserved');
    await a.abort('ada');
    assert.equal(await a.commit('ada'), undefined);
    assert.equal(await b.reserve('ada', '', TTL_MS), 'reserved');
  }),

  define('a reservation that nobody decides lapses', async ({ a, b, opened }) => {
    await a.reserve('ada', '', TTL_MS);
    await opened.advance(TTL_MS - 1_000);
    assert.equal(await b.reserve('ada', '', TTL_MS), 'undecided');
    await opened.advance(2_000);
    assert.equal(await b.reserve('ada', '', TTL_MS), 'reserved');
    assert.equal(await a.commit('ada'), undefined, 'it is another’s by now');
    assert.equal((await b.commit('ada'))?.id, 'ada');
  }),

  define('a reservation of a process that is gone lapses', async ({ a, b, opened }) => {
    await a.reserve('ada', '', TTL_MS);
    await opened.lose(a);
    await opened.advance(TTL_MS + 1_000);
    assert.equal(await b.reserve('ada', '', TTL_MS), 'reserved');
  }),

  define('there is no room for more than the most, reservations included', async (trial) => {
    const { a, b } = trial;
    await trial.connect(a, ...Array.from({ length: 18 }, (_, index) => `client ${index}`));
    assert.equal(await a.reserve('ada', '', TTL_MS), 'reserved');
    assert.equal(await b.reserve('bob', '', TTL_MS), 'reserved');
    assert.equal(await a.reserve('eve', '', TTL_MS), 'full');
    assert.equal(await b.reserve('client 0', '', TTL_MS), 'connected', 'who is in is in');
    await b.abort('bob');
    assert.equal(await b.reserve('eve', '', TTL_MS), 'reserved');
    assert.equal((await a.commit('ada'))?.id, 'ada');
    assert.equal((await b.commit('eve'))?.id, 'eve');
    assert.equal(await a.count(), 20);
  }),

  define('requests are counted from all sides, for who is connected', async (trial) => {
    const { a, b, opened } = trial;
    a.noteRequest('ada');
    await trial.connect(a, 'ada', 'bob');
    for (const end of [a, b, b]) assert.equal(end.noteRequest('ada'), undefined, 'nothing is waited for');
    a.noteRequest('nobody');
    await opened.settle();
    for (const end of [a, b]) {
      assert.deepEqual([(await end.get('ada'))?.requests, (await end.get('bob'))?.requests], [3, 0]);
      assert.equal(await end.has('nobody'), false);
    }
    assert.equal((await b.remove('ada'))?.requests, 3, 'who is told of the end is told the count');
  }),

  define('who is silent for so long is removed, once', async (trial) => {
    const { a, b, opened } = trial;
    await trial.connect(a, 'ada', 'bob');
    await trial.connect(b, 'eve');
    await opened.advance(6_000);
    b.noteRequest('ada');
    await opened.settle();
    await opened.advance(5_000);
    const removals = await Promise.all([a.removeIdle(10_000), b.removeIdle(10_000)]);
    assert.deepEqual(toIds(removals.flat()), ['bob', 'eve']);
    assert.deepEqual(await a.removeIdle(10_000), []);
    assert.deepEqual(await trial.idsOf(b), ['ada']);
  }),

  define('a removal gives a client to one caller', async (trial) => {
    const { a, b } = trial;
    await trial.connect(a, 'ada');
    const removed = await Promise.all([b.remove('ada'), a.remove('ada'), b.remove('ada')]);
    assert.equal(removed.filter((client) => client !== undefined).length, 1);
    assert.deepEqual([await a.has('ada'), await a.remove('ada'), await b.remove('bob')], [false, undefined, undefined]);
    await trial.connect(b, 'ada');
    assert.equal((await a.get('ada'))?.requests, 0, 'who comes back begins anew');
  }),

  define('who stops removes its own, and no others', async (trial) => {
    const { a, b } = trial;
    await trial.connect(a, 'ada', 'bob');
    await trial.connect(b, 'eve');
    await a.reserve('joe', '', TTL_MS);
    assert.deepEqual(toIds(await a.removeOwn()), ['ada', 'bob']);
    assert.deepEqual(await a.removeOwn(), []);
    assert.deepEqual(await trial.idsOf(b), ['eve']);
    assert.equal(await b.reserve('joe', '', TTL_MS), 'reserved', 'its reservations are given back');
  }),

  define('what was asked for before a stop is removed by it', async ({ a, b }) => {
    await a.reserve('ada', '', TTL_MS);
    const committing = a.commit('ada');
    assert.deepEqual(toIds(await a.removeOwn()), ['ada']);
    assert.equal((await committing)?.id, 'ada');
    assert.equal(await b.count(), 0);
  }),

  define('the clients of a process that is gone are told of to one that lives', async (trial) => {
    const { a, b, opened } = trial;
    await trial.connect(a, 'ada', 'bob');
    await trial.connect(b, 'eve');
    await opened.lose(a);
    await opened.settle();
    assert.deepEqual(trial.lost.toSorted(), ['ada', 'bob']);
    assert.deepEqual(await trial.idsOf(b), ['eve']);
    assert.equal(await b.remove('ada'), undefined, 'nobody gets them again');
    assert.deepEqual(toIds(await b.removeIdle(0)), ['eve']);
  }),

  define('who is gone before it has acknowledged is followed by another', async (trial) => {
    const { a, opened } = trial;
    await trial.connect(a, 'ada');
    const told: ClientStore[] = [];
    let hear = (): void => {};
    const heard = new Promise<void>((resolve) => (hear = resolve));
    trial.onLost = (_clients, end) => {
      told.push(end);
      hear();
      return told.length === 1 ? new Promise<void>(() => {}) : undefined;
    };
    void Promise.resolve(opened.lose(a));
    await heard;
    await opened.lose(told[0] as ClientStore);
    await opened.settle();
    assert.equal(told.length, 2);
    assert.notEqual(told[1], told[0]);
    assert.deepEqual(trial.lost, ['ada']);
  }),

  define('who refuses to hear of it is followed by another', async (trial) => {
    const { a, opened } = trial;
    await trial.connect(a, 'ada');
    let isRefused = false;
    trial.onLost = () => {
      if (isRefused) return undefined;
      isRefused = true;
      return Promise.reject(new Error('Not me.'));
    };
    await opened.lose(a);
    await opened.settle();
    assert.deepEqual(trial.lost, ['ada']);
  }),
];

function toIds(clients: readonly Client[]): readonly string[] {
  return clients.map(({ id }) => id).toSorted();
}

function define(name: string, check: (trial: Trial) => Promise<void>): ClientStoreCase {
  return {
    name,
    async run(open) {
      const opened = await open(20);
      try {
        await check(new Trial(opened));
      } finally {
        await opened.close();
      }
    },
  };
}
