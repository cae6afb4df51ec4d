import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { deferred } from '../support/deferred.ts';
import { openServer, portless } from '../support/open-server.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';
import { openChannel } from '../../src/testing/index.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(() => resolve()));

describe('while a message handler works', () => {
  test('pings are answered, though messages wait', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app.accept('/', async (message) => {
        await gate.promise;
        return message;
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    client.send('one', 'two', 'three').websocket.ping('still there?');
    expect(String((await once(client.websocket, 'pong'))[0])).toBe('still there?');
    gate.resolve();
    expect(await client.messages(3)).toEqual(['one', 'two', 'three']);
  });

  test('a close is answered and the signal aborts; what came before it is handled nevertheless', async () => {
    const gate = deferred();
    const aborted = deferred<unknown>();
    const done = deferred();
    const told: unknown[] = [];
    await using open = await openServer((app) =>
      app.accept('/', {
        open: ({ request }) =>
          void request.signal.addEventListener('abort', () => aborted.resolve(request.signal.reason)),
        async message(message, channel) {
          await gate.promise;
          told.push([message, channel.readyState > 1, channel.send('for nobody')]);
        },
        close(_channel, code) {
          told.push(code);
          done.resolve();
        },
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    client.send('one', 'two').websocket.close(4_000);
    expect(await client.end()).toEqual({ code: 4_000, reason: '' });
    expect(await aborted.promise).toMatchObject({ name: 'AbortError', code: 'ERR_PORTLIGHT_CLIENT_GONE' });
    expect(told).toEqual([]);
    gate.resolve();
    await done.promise;
    expect(told).toEqual([['one', true, 'dropped'], ['two', true, 'dropped'], 4_000]);
  });

  test.each<[string, (client: WebSocketClient) => void]>([
    ['is lost', (client) => client.websocket.terminate()],
    [
      'breaks the protocol',
      ({ websocket }) =>
        void (websocket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(
          Buffer.from([0xff, 0xff, 0xff]),
        ),
    ],
  ])('a client that %s aborts the signal, and what waits is handled for nobody', async (what, end) => {
    const gate = deferred();
    const aborted = deferred();
    const begun = deferred();
    const done = deferred();
    const told: unknown[] = [];
    await using open = await openServer((app) =>
      app.accept('/', {
        open: ({ request }) => void request.signal.addEventListener('abort', () => aborted.resolve()),
        async message(message) {
          told.push(message);
          if (message === 'one') begun.resolve();
          await gate.promise;
        },
        close(_channel, code) {
          told.push(code);
          done.resolve();
        },
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    client.send('one', 'two', 'three');
    await begun.promise;
    end(client);
    await aborted.promise;
    while (told.length < 1) await turn();
    gate.resolve();
    await done.promise;
    expect(told).toEqual(['one', what === 'is lost' ? 1006 : 1002]);
  });

  test('more messages than may wait come all the same, in their order', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app.websocket({ maxPayloadBytes: 1_000 }).accept('/', async (message) => {
        await gate.promise;
        return message;
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    const messages = Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat(index)}`);
    client.send(...messages);
    await turn();
    gate.resolve();
    expect(await client.messages(200)).toEqual(messages);
  });

  test('the signal of a channel without a port aborts as well', async () => {
    const signals: AbortSignal[] = [];
    const { server } = portless((app) => app.accept('/', { open: ({ request }) => void signals.push(request.signal) }));
    const channel = await openChannel(server, '/');
    channel.close();
    await channel.closed;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

describe('a gap in a history', () => {
  test('is told to the handler for it, before what there still is, and never comes as data', async () => {
    const told: unknown[] = [];
    await using open = await openServer((app) =>
      app
        .history('news', { size: 2 })
        .accept('/', {
          open: (channel) => channel.join('news', { since: 'elsewhere-1' }),
          gap(topic, channel) {
            told.push(topic);
            channel.json({ reload: topic });
          },
        })
        .accept('/without', { open: (channel) => channel.join('news', { since: 'elsewhere-1' }) }),
    );
    for (const data of ['1', '2', '3']) await open.server.publish('news', data);
    await using client = await WebSocketClient.open(open.port, '/');
    await using without = await WebSocketClient.open(open.port, '/without');
    await open.server.publish('news', 'live');
    expect(await client.messages(4)).toEqual(['{"reload":"news"}', '2', '3', 'live']);
    expect(await without.messages(3)).toEqual(['2', '3', 'live']);
    expect(told).toEqual(['news']);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('closes with 1011 where its handler %s', async (_how, gap) => {
    await using open = await openServer((app) =>
      app
        .history('news', { size: 2 })
        .accept('/', { gap, open: (channel) => channel.join('news', { since: 'elsewhere-1' }) }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    expect(await client.end()).toMatchObject({ code: 1011 });
    expect(open.log.at('error')).toHaveLength(1);
  });

  test('goes to the handler for errors where there is one', async () => {
    await using open = await openServer((app) =>
      app.history('news', { size: 2 }).accept('/', {
        open: (channel) => channel.join('news', { since: 'elsewhere-1' }),
        gap: () => {
          throw new Error('broken');
        },
        error: (error, channel) => void channel.send(error.message),
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    expect(await client.messages(1)).toEqual(['broken']);
  });

  test('is an event of an event stream', async () => {
    const { server } = portless((app) =>
      app.history('news', { size: 2 }).events('/', async (stream) => {
        await stream.join('news', { member: 'ada', since: 'left' });
        stream.close();
      }),
    );
    await server.publish('news', 'kept');
    const text = await (await server.fetch('/', { headers: { accept: 'text/event-stream' } })).text();
    expect(text).toMatch(/event: portlight\.gap\n.*\n?data: \{"topic":"news","since":"left"\}\n\n[^]*data: kept\n\n$/);
  });
});

describe('a refused message', () => {
  test.each<[string | Buffer, string]>([
    ['{', 'The message is not valid JSON.'],
    ['', 'The message is empty where JSON was expected.'],
    [Buffer.from([0x22, 0xff, 0x22]), 'The message is not valid UTF-8.'],
    ['{"__proto__":1}', 'The message holds a key that could change the prototype of objects.'],
    ['['.repeat(600) + ']'.repeat(600), 'The message is nested deeper than 512 levels.'],
    ['7', 'The message does not have the expected form.'],
  ])('%j is spoken of as a message', async (message, said) => {
    const { server } = portless((app) =>
      app.accept(
        '/',
        { message: z.string() },
        { message: () => 'taken', error: (error, channel) => void channel.send(error.message) },
      ),
    );
    const channel = await openChannel(server, '/');
    channel.send(message);
    expect(await channel.next()).toBe(said);
  });
});
