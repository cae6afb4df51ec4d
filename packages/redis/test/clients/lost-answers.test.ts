import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLIENTS, STEP } from '../../src/clients/clients-script.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { connect, openClients, type OpenClients, type TestMachine } from './open-client-stores.ts';

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `c${index}`);

/** Fails each of these operations that many times; the last to be failed is followed by what goes through. */
function failing(times: number, ...operations: readonly string[]): (operation: string) => void {
  let left = times;
  return (operation) => {
    if (operations.includes(operation) && left-- > 0) throw new Error('No answer in time.');
  };
}

describe.runIf(HAS_REDIS)('where answers of Redis are lost', () => {
  let server: RedisServer;
  let opened: OpenClients;
  let [a, b] = [] as unknown as [TestMachine, TestMachine];
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    opened = await openClients(server, 2, 10_000);
    [a, b] = opened.machines as [TestMachine, TestMachine];
  });
  afterEach(() => opened.close());

  test('a removal that took place gives its client all the same, once', async () => {
    await connect(a.end('1'), 'ada');
    a.link.onAnswer = failing(1, 'remove');
    expect(await a.end('1').remove('ada')).toMatchObject({ id: 'ada' });
    expect(await b.end('1').remove('ada')).toBeUndefined();
  });

  test('it does so after several questions what has become of it', async () => {
    await connect(a.end('1'), 'ada');
    a.link.onAnswer = failing(3, 'remove', 'recall');
    a.link.onRun = failing(1, 'recall');
    // The question whose answer was lost has had the outcome: it is kept until it is heard.
    expect(await a.end('1').remove('ada')).toMatchObject({ id: 'ada' });
  });

  test('a removal that did not take place rejects, and does not take place any more', async () => {
    await connect(a.end('1'), 'ada');
    let late: readonly (string | number | Uint8Array)[] = [];
    const run = a.link.run.bind(a.link);
    a.link.run = (script, keys, args) => {
      if (args[0] !== 'remove') return run(script, keys, args);
      late = args;
      return Promise.reject(new Error('Not sent yet.'));
    };
    await expect(a.end('1').remove('ada')).rejects.toThrow('Not sent yet.');
    expect(await run(CLIENTS, [a.link.key('clients')], late)).toEqual([0]);
    expect(await b.end('1').has('ada')).toBe(true);
  });

  test('a stop and a look for the silent give all, each once', async () => {
    const ids = numbered(2 * STEP + 3);
    await connect(a.end('1'), ...ids);
    a.link.onAnswer = failing(2, 'removeIdle', 'removeOwn');
    const silent = await a.end('1').removeIdle(0);
    await connect(a.end('1'), 'ada', 'bob');
    const own = await a.end('1').removeOwn();
    expect([silent.length, own.length]).toEqual([ids.length, 2]);
    expect(new Set(silent.map(({ id }) => id)).size).toBe(ids.length);
  });

  test('a look for the silent gives what it has removed, where it cannot go on', async () => {
    await connect(a.end('1'), ...numbered(STEP + 3));
    let runs = 0;
    a.link.onRun = (operation) => {
      if (operation === 'removeIdle' && ++runs > 1) throw new Error('Gone.');
    };
    expect((await a.end('1').removeIdle(0)).length).toBe(STEP);
    expect(await b.end('1').count()).toBe(3);
  });

  test('nobody is taken for silent until those who were seen could be said', async () => {
    await connect(a.end('1'), 'ada', 'bob');
    b.link.onRun = failing(1, 'note');
    b.end('1').noteRequest('ada');
    await expect(b.end('1').get('ada')).resolves.toMatchObject({ requests: 0 });
    expect(await b.end('1').removeIdle(0)).toEqual([]);
    expect(await a.end('1').count()).toBe(2);
  });

  test('who was seen is said again, and no request is counted twice', async () => {
    await connect(a.end('1'), 'ada');
    const before = await a.end('1').get('ada');
    a.link.onAnswer = failing(1, 'note');
    a.end('1').noteRequest('ada', 3);
    expect(await a.end('1').get('ada')).toMatchObject({ requests: 3 });
    await opened.advance(5_000);
    const seen = async (): Promise<number> => (await b.end('1').get('ada'))?.lastSeenAt ?? 0;
    await expect.poll(seen).toBeGreaterThanOrEqual((before?.lastSeenAt ?? 0) + 5_000);
    a.end('1').noteRequest('ada', 2);
    expect(await a.end('1').get('ada')).toMatchObject({ requests: 5 });
    expect(await b.end('1').get('ada')).toMatchObject({ requests: 5 });
  });

  test('who was told of the lost is not told again, though Redis has not heard that', async () => {
    const told: string[] = [];
    b.end('1').connect({ lost: (clients) => void told.push(...clients.map(({ id }) => id)) });
    await connect(a.end('1'), 'ada');
    // The first question has the client, the second says that it was heard.
    let answers = 0;
    b.link.onRun = (operation) => {
      if (operation === 'tell' && told.length > 0 && ++answers === 1) throw new Error('Gone.');
    };
    await b.store.lose(a.link.ownerOf('1'));
    expect(told).toEqual(['ada']);
    await opened.settle();
    expect(told).toEqual(['ada']);
  });

  test('what nobody could be told is told when Redis can be reached again', async () => {
    const told: string[] = [];
    b.end('1').connect({ lost: (clients) => void told.push(...clients.map(({ id }) => id)) });
    await connect(a.end('1'), 'ada');
    b.link.onAnswer = failing(1, 'tell');
    await b.store.lose(a.link.ownerOf('1'));
    await opened.settle();
    expect(told).toEqual(['ada']);
  });
});
