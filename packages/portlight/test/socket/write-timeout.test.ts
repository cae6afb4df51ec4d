import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { type OpenServer, openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

const MIB = 1_048_576;
const BIG = 'x'.repeat(48 * MIB);

/** The server's side of the next connection. */
function nextSocket(open: OpenServer): Promise<Socket> {
  return new Promise((resolve) => open.server.getSocket()?.once('connection', resolve));
}

const closeOf = (socket: Socket): Promise<number> => {
  const startedAt = performance.now();
  return new Promise((resolve) => socket.once('close', () => resolve(performance.now() - startedAt)));
};

describe('writeTimeoutMs', () => {
  test.each<[string, () => unknown]>([
    ['text', () => BIG],
    ['bytes', () => Buffer.from(BIG)],
    [
      'a stream',
      function* () {
        for (let sent = 0; sent < 48; sent++) yield 'x'.repeat(MIB);
      },
    ],
  ])('closes a connection whose client never reads (%s)', async (_what, reply) => {
    await using open = await openServer((app) => app.get('/', reply), { writeTimeoutMs: 400 });
    const accepted = nextSocket(open);
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    const closed = closeOf(await accepted);
    client.send(get('/'));
    expect(await closed).toBeGreaterThan(350);
    expect(open.log.at('error')).toEqual([]);
  });

  test('tells the handler by its signal', async () => {
    const reason = deferred<unknown>();
    await using open = await openServer(
      (app) =>
        app.get('/', (each) => {
          each.signal.addEventListener('abort', () => reason.resolve(each.signal.reason));
          return (function* () {
            for (;;) yield BIG.slice(0, MIB);
          })();
        }),
      { writeTimeoutMs: 300 },
    );
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/'));
    expect(await reason.promise).toMatchObject({ code: 'ERR_PORTLIGHT_CLIENT_GONE' });
  });

  test('leaves a client alone that reads slowly', async () => {
    await using open = await openServer((app) => app.get('/', () => BIG), { writeTimeoutMs: 1_000 });
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    let read = 0;
    const startedAt = performance.now();
    while (!client.isClosed && read < BIG.length) {
      client.socket.resume();
      const wanted = read + 4 * MIB;
      await client.until(() => client.received.length >= Math.min(wanted, BIG.length) || client.isClosed, 'some more');
      client.socket.pause();
      read = client.received.length;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    client.socket.resume();
    await client.until(() => client.received.length > BIG.length, 'the rest');
    expect((await client.response()).body.length).toBe(BIG.length);
  });

  test('leaves a connection alone that owes its client nothing', async () => {
    const gate = deferred();
    await using open = await openServer(
      (app) => app.get('/slow', () => gate.promise.then(() => 'done')).get('/big', () => BIG),
      { writeTimeoutMs: 300 },
    );
    await using idle = await RawClient.open(open.port);
    await using waiting = await RawClient.open(open.port);
    waiting.send(get('/slow'));
    const accepted = nextSocket(open);
    await using stalled = await RawClient.open(open.port);
    stalled.socket.pause();
    const closed = closeOf(await accepted);
    stalled.send(get('/big'));
    await closed;
    expect([idle.isClosed, waiting.isClosed]).toEqual([false, false]);
    gate.resolve();
    expect((await waiting.response()).body).toBe('done');
  });

  test('of 0 switches it off', async () => {
    await using watched = await openServer((app) => app.get('/', () => BIG), { writeTimeoutMs: 300 });
    await using open = await openServer((app) => app.get('/', () => BIG), { writeTimeoutMs: 0 });
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/'));
    for (let round = 0; round < 2; round++) {
      const accepted = nextSocket(watched);
      await using other = await RawClient.open(watched.port);
      other.socket.pause();
      const closed = closeOf(await accepted);
      other.send(get('/'));
      await closed;
    }
    client.socket.resume();
    await client.until(() => client.received.length > BIG.length, 'the rest');
    expect((await client.response()).body.length).toBe(BIG.length);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '30', null, 86_400_001])(
    'of %s is refused',
    (writeTimeoutMs) => {
      expect(() => new HttpServer('127.0.0.1', 0, { writeTimeoutMs: writeTimeoutMs as number })).toThrow(
        expect.objectContaining({ name: 'ConfigError' }),
      );
    },
  );
});
