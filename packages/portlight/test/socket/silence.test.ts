import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

/** Long enough to tell from a close at once, short enough to wait for. */
const SILENCE_S = 0.3;
const LEAST_MS = 250;
const BIG = 'x'.repeat(64 * 1_048_576);

/** Resolves when the connection is gone, to how long that took. */
async function timeUntilClosed(client: RawClient): Promise<number> {
  const startedAt = performance.now();
  await client.until(() => client.isClosed || client.hasEnded, 'the close');
  return performance.now() - startedAt;
}

describe('setTimeout closes a connection whose client is silent', () => {
  test.each<[string, (client: RawClient) => unknown]>([
    ['from the beginning', () => undefined],
    ['after a request', async (client) => client.send(get('/')).response()],
    ['in the middle of a head', (client) => client.send('GET / HT')],
    [
      'in the middle of a head after a request',
      async (client) => {
        await client.send(get('/')).response();
        client.send('GET / HTTP/1.1\r\nhost: te');
      },
    ],
    [
      'in the middle of a body that is read',
      (client) => client.send(request('POST', '/', ['content-length: 10']) + 'half'),
    ],
    [
      'in the middle of a body in chunks',
      (client) => client.send(request('POST', '/', ['transfer-encoding: chunked']) + '5\r\nhe'),
    ],
  ])('%s', async (_when, begin) => {
    await using open = await openServer((app) =>
      app
        .get('/', () => 'x')
        .post('/', (each) => each.text())
        .setTimeout(SILENCE_S),
    );
    await using client = await RawClient.open(open.port);
    await begin(client);
    expect(await timeUntilClosed(client)).toBeGreaterThan(LEAST_MS);
    expect(open.log.at('error')).toEqual([]);
  });

  test('and does not take its response', async () => {
    await using open = await openServer((app) => app.get('/', () => BIG).setTimeout(SILENCE_S));
    const accepted = new Promise<Socket>((resolve) => open.server.getSocket()?.once('connection', resolve));
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/'));
    const socket = await accepted;
    const startedAt = performance.now();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(performance.now() - startedAt).toBeGreaterThan(LEAST_MS);
  });

  test('by microseconds as well', async () => {
    await using open = await openServer((app) => app.setTimeout(0, 300_000));
    await using client = await RawClient.open(open.port);
    expect(await timeUntilClosed(client)).toBeGreaterThan(LEAST_MS);
  });
});

describe('setTimeout leaves a connection alone', () => {
  test('while a handler works, however long', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app
        .get('/slow', async () => {
          await gate.promise;
          return 'done';
        })
        .setTimeout(SILENCE_S),
    );
    await using working = await RawClient.open(open.port);
    working.send(get('/slow'));
    await working.until(() => true, 'nothing');
    for (let round = 0; round < 2; round++) {
      await using silent = await RawClient.open(open.port);
      await timeUntilClosed(silent);
    }
    expect(working.isClosed).toBe(false);
    gate.resolve();
    expect((await working.response()).body).toBe('done');
  });

  test('while a handler works and the client has sent half a body that nobody reads', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app
        .post('/', async () => {
          await gate.promise;
          return 'done';
        })
        .setTimeout(SILENCE_S),
    );
    await using working = await RawClient.open(open.port);
    working.send(request('POST', '/', ['content-length: 10']) + 'half');
    for (let round = 0; round < 2; round++) {
      await using silent = await RawClient.open(open.port);
      await timeUntilClosed(silent);
    }
    gate.resolve();
    expect((await working.response()).body).toBe('done');
  });

  test('while the source of a stream takes its time', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app
        .get('/', async function* () {
          yield 'a';
          await gate.promise;
          yield 'b';
        })
        .setTimeout(SILENCE_S),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await client.until(() => client.received.includes('a\r\n'), 'the first chunk');
    for (let round = 0; round < 2; round++) {
      await using silent = await RawClient.open(open.port);
      await timeUntilClosed(silent);
    }
    gate.resolve();
    expect((await client.response()).body).toBe('ab');
  });

  test('whose client sends a little again and again', async () => {
    await using open = await openServer((app) => app.post('/', (each) => each.text()).setTimeout(1));
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['content-length: 12']));
    await using silent = await RawClient.open(open.port);
    const silentClosed = timeUntilClosed(silent);
    for (let sent = 0; sent < 12; sent++) {
      client.send('x');
      await Promise.race([silentClosed, new Promise((resolve) => setTimeout(resolve, 150))]);
    }
    expect((await client.response()).body).toBe('x'.repeat(12));
    expect(client.isClosed).toBe(false);
  });

  test.each([
    [0, 0],
    [0, undefined],
  ])('when it is switched off by %s and %s', async (seconds, microseconds) => {
    await using watched = await openServer((app) => app.setTimeout(SILENCE_S));
    await using open = await openServer((app) =>
      app
        .get('/', () => 'x')
        .setTimeout(SILENCE_S)
        .setTimeout(seconds, microseconds),
    );
    await using client = await RawClient.open(open.port);
    for (let round = 0; round < 2; round++) {
      await using silent = await RawClient.open(watched.port);
      await timeUntilClosed(silent);
    }
    expect((await client.send(get('/')).response()).status).toBe(200);
  });
});

describe('setTimeout refuses', () => {
  test.each([-1, 86_401, 30_000_000, Number.NaN, Number.POSITIVE_INFINITY, '30', null, undefined, true, {}, 30n])(
    '%s seconds',
    (seconds) => {
      expect(() => new HttpServer().setTimeout(seconds as number)).toThrow(
        expect.objectContaining({ name: 'ConfigError', code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
      );
    },
  );

  test.each([-1, 1_000_000, 1.5, Number.NaN, '1', null])('%s microseconds', (microseconds) => {
    expect(() => new HttpServer().setTimeout(1, microseconds as number)).toThrow(
      expect.objectContaining({ name: 'ConfigError', code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
    );
  });

  test('to be set after the start', async () => {
    await using open = await openServer(() => undefined);
    expect(() => open.server.setTimeout(1)).toThrow(expect.objectContaining({ name: 'ConfigError' }));
  });

  test('nothing from 0 to a day', () => {
    for (const seconds of [0, 0.001, 30, 86_400])
      expect(() => new HttpServer().setTimeout(seconds, 999_999)).not.toThrow();
  });
});
