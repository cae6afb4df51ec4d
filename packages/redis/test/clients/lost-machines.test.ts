import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, ClientStore } from 'portlight';
import { STEP } from '../../src/clients/clients-script.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { connect, openClients, type OpenClients, type TestMachine } from './open-client-stores.ts';

const TTL_MS = 5_000;

/** Whom a process is told of. */
class Told {
  readonly clients: Client[] = [];
  /** What it does when it is told. */
  onLost: () => void | Promise<void> = () => {};

  async lost(clients: readonly Client[]): Promise<void> {
    await this.onLost();
    this.clients.push(...clients);
  }

  get ids(): readonly string[] {
    return this.clients.map(({ id }) => id).sort();
  }
}

function listen(end: ClientStore): Told {
  const told = new Told();
  end.connect(told);
  return told;
}

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `c${index}`).sort();

describe.runIf(HAS_REDIS)('a machine that is gone', () => {
  let server: RedisServer;
  let opened: OpenClients;
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server[Symbol.asyncDispose]());

  async function open(count: number, most = 10_000): Promise<readonly TestMachine[]> {
    opened = await openClients(server, count, most);
    return opened.machines;
  }

  /** Its process has ended: nothing is said by it any more. */
  async function vanish(machine: TestMachine): Promise<void> {
    machine.isGone = true;
    machine.link.onRun = () => {
      throw new Error('gone');
    };
    await machine.link.close();
  }

  test('while it tells is followed by another machine, which tells the same', async () => {
    const [observer, a, b, c] = (await open(4)) as [TestMachine, TestMachine, TestMachine, TestMachine];
    await connect(a.end('1'), 'ada', 'bob');
    await vanish(a);
    const first = listen(b.end('1'));
    const hears = new Promise<void>((resolve) => {
      first.onLost = () => {
        resolve();
        return new Promise<void>(() => {});
      };
    });
    b.store.lose(a.link.ownerOf('1')).catch(() => undefined);
    await hears;
    const second = listen(c.end('1'));
    await c.end('1').count();
    expect(second.ids).toEqual([]);
    await vanish(b);
    await observer.store.lose(b.link.ownerOf('1'));
    await opened.settle();
    expect(second.ids).toEqual(['ada', 'bob']);
    expect(second.clients[0]).toMatchObject({ address: expect.stringContaining('address of'), requests: 0 });
    await opened.close();
  });

  test('is found by two at once, and its clients are told of once', async () => {
    const [, a, b, c] = (await open(4)) as [TestMachine, TestMachine, TestMachine, TestMachine];
    const ids = numbered(3 * STEP + 7);
    await connect(a.end('1'), ...ids);
    const told = [listen(b.end('1')), listen(c.end('1'))];
    await vanish(a);
    const owner = a.link.ownerOf('1');
    await Promise.all([b.store.lose(owner), c.store.lose(owner), b.store.lose(owner)]);
    await c.store.lose(owner);
    await opened.settle();
    expect(told.flatMap((each) => each.ids).sort()).toEqual(ids);
    await opened.close();
  });

  test('is told of when somebody comes who can be told', async () => {
    const [a, b] = (await open(2)) as [TestMachine, TestMachine];
    await connect(a.end('1'), 'ada');
    await a.store.lose(a.link.ownerOf('1'));
    const told = listen(b.end('1'));
    await opened.settle();
    expect(told.ids).toEqual(['ada']);
    await opened.close();
  });

  test('is told of to others where a machine closes, in what it has left', async () => {
    const [a, b] = (await open(2)) as [TestMachine, TestMachine];
    const [own, others] = [listen(a.end('1')), listen(b.end('1'))];
    await connect(a.end('1'), 'ada');
    await a.store.close();
    await opened.settle();
    expect([own.ids, others.ids]).toEqual([[], ['ada']]);
    await a.store.open();
    await connect(b.end('1'), 'bob');
    await b.store.close();
    await opened.settle();
    expect(own.ids).toEqual(['bob']);
    await opened.close();
  });

  test('is told of again after what a machine refuses, and no more often than it has to', async () => {
    const [a, b, c] = (await open(3)) as [TestMachine, TestMachine, TestMachine];
    let refusals = 0;
    const told = [listen(b.end('1')), listen(b.end('2')), listen(c.end('1'))];
    for (const each of told)
      each.onLost = () => {
        refusals++;
        throw new Error('Not me.');
      };
    await connect(a.end('1'), 'ada');
    await a.store.lose(a.link.ownerOf('1'));
    await expect.poll(() => refusals).toBeGreaterThanOrEqual(3);
    const late = listen(c.end('2'));
    await opened.settle();
    expect(late.ids).toEqual(['ada']);
    expect(refusals).toBeLessThan(20);
    await opened.close();
  });

  test('leaves its places free at once', async () => {
    const [a, b] = (await open(2, 1)) as [TestMachine, TestMachine];
    expect(await a.end('1').reserve('ada', '', TTL_MS)).toBe('reserved');
    expect(await b.end('1').reserve('bob', '', TTL_MS)).toBe('full');
    await b.store.lose(a.link.ownerOf('1'));
    expect(await b.end('1').reserve('bob', '', TTL_MS)).toBe('reserved');
    expect(await a.end('1').commit('ada')).toBeUndefined();
    await opened.close();
  });

  test('leaves the clients of an end to its heir, those that came late too, and nobody is told', async () => {
    const [a] = (await open(1)) as [TestMachine];
    const [end, heir] = [a.end('1'), a.end('heir')];
    const told = [listen(heir), listen(a.end('2'))];
    await connect(end, 'ada');
    a.store.bequeath(a.link.ownerOf('1'), a.link.ownerOf('heir'));
    await connect(end, 'bob\nand more');
    end.noteRequest('ada');
    const before = await end.get('ada');
    await a.store.lose(a.link.ownerOf('1'));
    await opened.settle();
    expect(told.flatMap(({ ids }) => ids)).toEqual([]);
    expect(await heir.get('ada')).toEqual(before);
    expect((await heir.removeOwn()).map(({ id }) => id).sort()).toEqual(['ada', 'bob\nand more']);
    await opened.close();
  });

  test('has no heir that is gone as well', async () => {
    const [a, b] = (await open(2)) as [TestMachine, TestMachine];
    const told = listen(b.end('1'));
    listen(a.end('heir'));
    await connect(a.end('1'), 'ada');
    a.store.bequeath(a.link.ownerOf('1'), a.link.ownerOf('heir'));
    await a.store.lose(a.link.ownerOf('heir'));
    await b.store.lose(a.link.ownerOf('1'));
    await opened.settle();
    expect(told.ids).toEqual(['ada']);
    expect(await a.link.send(['EXISTS', a.link.key('clients', 'heirs')])).toBe(0);
    await opened.close();
  });

  test('leaves nothing behind when all are gone but the name of what there was', async () => {
    const [a, b] = (await open(2)) as [TestMachine, TestMachine];
    listen(b.end('1'));
    listen(a.end('1'));
    await connect(a.end('1'), ...numbered(20));
    await connect(b.end('1'), 'bob');
    await a.end('1').reserve('joe', '', TTL_MS);
    await a.end('1').remove('c3');
    await a.store.lose(a.link.ownerOf('1'));
    await opened.settle();
    await b.end('1').removeOwn();
    await b.store.close();
    await a.store.close();
    await expect.poll(() => b.link.send(['KEYS', b.link.key('clients*')])).toEqual([b.link.key('clients', 'life')]);
    await opened.close();
  });
});
