import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from 'portlight';
import { CLIENTS, STEP } from '../../src/clients/clients-script.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { openClients, type OpenClients, type TestMachine } from './open-client-stores.ts';

const COUNT = 100_000;
const IDS = Array.from({ length: COUNT }, (_, index) => `client-${String(index).padStart(29, '0')}`);

describe.runIf(HAS_REDIS)('100,000 clients', () => {
  let server: RedisServer;
  let opened: OpenClients;
  let [a, b] = [] as unknown as [TestMachine, TestMachine];

  beforeAll(async () => {
    server = await RedisServer.start();
    opened = await openClients(server, 2, COUNT);
    [a, b] = opened.machines as [TestMachine, TestMachine];
    const [base, owner] = [a.link.key('clients'), a.link.ownerOf('1')];
    for (let first = 0; first < COUNT; first += STEP) {
      const stated = IDS.slice(first, first + STEP).flatMap((id) => [owner, id, '1', '192.0.2.123']);
      await a.link.run(CLIENTS, [base], ['restate', ...stated]);
    }
  });
  afterAll(async () => {
    await opened.close();
    await server[Symbol.asyncDispose]();
  });

  test('are all there is room for, and take less than 500 bytes each', async () => {
    expect(await b.end('1').count()).toBe(COUNT);
    expect(await b.end('1').reserve('one more', '', 5_000)).toBe('full');
    const keys = (await a.link.send(['KEYS', a.link.key('clients:*')])) as readonly string[];
    const sizes = await Promise.all(keys.map((key) => a.link.send(['MEMORY', 'USAGE', key, 'SAMPLES', 0])));
    const bytes = sizes.reduce<number>((sum, each) => sum + Number(each), 0) / COUNT;
    expect(bytes).toBeGreaterThan(100);
    expect(bytes).toBeLessThan(500);
  });

  test('are listed in pieces, while they come and go', async () => {
    const sizes: number[] = [];
    const send = b.link.send.bind(b.link);
    b.link.send = async (args) => {
      sizes.push(args.length);
      return send(args);
    };
    const listing = b.end('1').list();
    a.end('1').noteRequest(IDS[0] as string);
    await a.end('1').remove(IDS[1] as string);
    const listed = new Set((await listing).map(({ id }) => id));
    expect(IDS.filter((id) => !listed.has(id) && id !== IDS[1])).toEqual([]);
    // Redis goes through whole chains of its table: a piece is larger than what is asked for.
    expect(sizes.length).toBeGreaterThan(100);
    expect(Math.max(...sizes)).toBeLessThan(4_000);
  });

  test('are lost in steps, and each is told of once', async () => {
    const told: Client[] = [];
    const pieces: number[] = [];
    b.end('1').connect({
      lost(clients) {
        told.push(...clients);
        pieces.push(clients.length);
      },
    });
    await b.store.lose(a.link.ownerOf('1'));
    await opened.settle();
    expect(told.length).toBe(COUNT - 1);
    expect(new Set(told.map(({ id }) => id)).size).toBe(COUNT - 1);
    expect(Math.max(...pieces)).toBe(STEP);
    expect(await b.end('1').count()).toBe(0);
  });
});
