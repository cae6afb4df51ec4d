import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client, ClientStore } from 'portlight';
import { STEP } from '../../src/clients/clients-script.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { connect, openClients, type OpenClients, type TestMachine } from './open-client-stores.ts';

/** Whom an end is told of as lost. */
function listen(end: ClientStore): string[] {
  const told: string[] = [];
  end.connect({ lost: (clients) => void told.push(...idsOf(clients)) });
  return told;
}

/** Why a removal rejects. */
async function refusal(removing: unknown): Promise<string> {
  try {
    await removing;
    return 'It does not.';
  } catch (error) {
    return (error as Error).message;
  }
}

const idsOf = (clients: readonly Client[]): readonly string[] => clients.map(({ id }) => id);

describe.runIf(HAS_REDIS)('a removal whose outcome is not heard', () => {
  let server: RedisServer;
  let opened: OpenClients;
  let [a, b] = [] as unknown as [TestMachine, TestMachine];
  let told: string[];
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    opened = await openClients(server, 2, 10_000);
    [a, b] = opened.machines as [TestMachine, TestMachine];
    told = listen(b.end('1'));
  });
  afterEach(() => opened.close());

  /** Removals of a machine take effect, and it hears nothing of them. Resolves with the first. */
  function deafen({ link }: TestMachine): Promise<void> {
    return new Promise((resolve) => {
      link.onAnswer = (operation) => {
        if (operation !== 'recall' && !operation.startsWith('remove')) return;
        resolve();
        throw new Error('No answer in time.');
      };
    });
  }

  /** A machine closes as its Redis is out of its reach: it can leave nothing to others. */
  async function closeCutOff(machine: TestMachine): Promise<void> {
    machine.isGone = true;
    machine.link.onRun = () => {
      throw new Error('Cut off.');
    };
    await machine.store.close().catch(() => {});
  }

  test('by a machine that closes is told by another, once', async () => {
    await connect(a.end('1'), 'ada', 'bob');
    listen(a.end('1'));
    const removed = deafen(a);
    const refused = refusal(a.end('1').removeOwn());
    await removed;
    await a.store.close();
    expect(await refused).toContain('No answer in time.');
    await opened.settle();
    expect(told.sort()).toEqual(['ada', 'bob']);
  });

  test('by a machine that is gone is told by another, whatever removal it was', async () => {
    await connect(a.end('1'), 'ada', 'eve');
    await connect(a.end('2'), 'joe');
    await opened.advance(60_000);
    for (const id of ['eve', 'joe']) a.end('1').noteRequest(id, 1);
    await a.end('1').get('eve');
    for (const call of [
      () => a.end('1').removeIdle(30_000),
      () => a.end('1').remove('joe'),
      () => a.end('1').removeOwn(),
    ]) {
      const removed = deafen(a);
      void refusal(call());
      await removed;
    }
    await closeCutOff(a);
    expect(await b.end('1').count()).toBe(0);
    await b.store.lose(a.link.ownerOf('2'));
    await opened.settle();
    expect(told).toEqual([]);
    await Promise.all([b.store.lose(a.link.ownerOf('1')), b.store.lose(a.link.ownerOf('1'))]);
    await opened.settle();
    expect(told.sort()).toEqual(['ada', 'eve', 'joe']);
  });

  test('by the last machine is told by the next one', async () => {
    await connect(b.end('1'), 'ada');
    const removed = deafen(b);
    void refusal(b.end('1').removeOwn());
    await removed;
    await closeCutOff(b);
    await a.store.lose(b.link.ownerOf('1'));
    const later = listen(a.end('1'));
    await opened.settle();
    expect([told, later]).toEqual([[], ['ada']]);
  });

  test('is told by another where the machine was taken for gone, and not by itself when it is back', async () => {
    await connect(a.end('1'), 'ada');
    const removed = deafen(a);
    const refused = refusal(a.end('1').remove('ada'));
    await removed;
    await b.store.lose(a.link.ownerOf('1'));
    await opened.settle();
    a.link.onAnswer = () => {};
    expect(await refused).toContain('No answer in time.');
    expect(told).toEqual(['ada']);
    expect(await b.end('1').has('ada')).toBe(false);
  });

  test('when its machine closes is told by another alone, though the answer comes then', async () => {
    await connect(a.end('1'), 'ada');
    listen(a.end('1'));
    const refused = refusal(a.end('1').removeOwn());
    // Both are on their way before there is an answer to the first.
    await a.store.close();
    expect(await refused).toContain('left to others');
    await opened.settle();
    expect(told).toEqual(['ada']);
    await a.store.open();
    await connect(a.end('1'), 'bob');
    expect(idsOf(await a.end('1').removeOwn())).toEqual(['bob']);
  });

  test('when its process is gone is told by another alone, though the answer comes then', async () => {
    await connect(a.end('1'), 'ada');
    const other = listen(a.end('2'));
    const refused = refusal(a.end('1').removeOwn());
    await a.store.lose(a.link.ownerOf('1'));
    expect(await refused).toContain('left to others');
    await opened.settle();
    expect([...told, ...other]).toEqual(['ada']);
    await connect(a.end('1'), 'bob');
    expect(idsOf(await a.end('1').removeOwn())).toEqual(['bob']);
  });

  test('leaves those that were heard of to who has removed them', async () => {
    const ids = Array.from({ length: STEP + 3 }, (_, index) => `c${index}`);
    await connect(a.end('1'), ...ids);
    listen(a.end('1'));
    let steps = 0;
    const second = new Promise<void>((resolve) => {
      a.link.onAnswer = (operation) => {
        if (operation === 'recall') throw new Error('No answer in time.');
        if (operation !== 'removeOwn' || ++steps === 1) return;
        resolve();
        throw new Error('No answer in time.');
      };
    });
    const removing = a.end('1').removeOwn();
    await second;
    await a.store.close();
    const heard = idsOf(await removing);
    await opened.settle();
    expect([heard.length, told.length]).toEqual([STEP, 3]);
    expect([...heard, ...told].sort()).toEqual(ids.toSorted());
  });

  test('is one that was heard no longer, also where Redis hears that late', async () => {
    await connect(a.end('1'), 'ada', 'bob');
    const send = a.link.send.bind(a.link);
    let failures = 2;
    const acknowledged = new Promise<void>((resolve) => {
      a.link.send = async (args) => {
        if (args[0] !== 'HDEL') return send(args);
        if (failures-- > 0) throw new Error('Gone.');
        return send(args).finally(resolve);
      };
    });
    expect(await a.end('1').remove('ada')).toMatchObject({ id: 'ada' });
    await acknowledged;
    expect(await a.end('1').remove('bob')).toMatchObject({ id: 'bob' });
    await b.store.lose(a.link.ownerOf('1'));
    await opened.settle();
    expect(told).toEqual([]);
    expect(await b.link.send(['KEYS', b.link.key('clients', 'unheard:*')])).toEqual([]);
  });

  test('is kept for a day', async () => {
    await connect(a.end('1'), 'ada');
    const removed = deafen(a);
    void refusal(a.end('1').remove('ada'));
    await removed;
    await closeCutOff(a);
    const key = b.link.key('clients', `unheard:${a.link.ownerOf('1')}`);
    expect(Number(await b.link.send(['PTTL', key]))).toBeGreaterThan(86_000_000);
    expect(Number(await b.link.send(['PTTL', key]))).toBeLessThanOrEqual(86_400_000);
  });
});
