import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Channel, HttpResponse, HttpServer, type RequestShape } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

describe('a WebSocket route', () => {
  test('sends back what its handler returns', async () => {
    await using open = await openServer((app) =>
      app.accept('/:room', (message, channel) => {
        if (message === 'nothing') return undefined;
        if (message === 'object') return { room: channel.params.room };
        if (message === 'later') return Promise.resolve('late');
        return message;
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/harbour');
    client.send('nothing', 'text', Buffer.from([1, 2, 3]), 'object', 'later', 'last');
    expect(await client.messages(5)).toEqual(['text', Buffer.from([1, 2, 3]), '{"room":"harbour"}', 'late', 'last']);
  });

  test('tells its handlers of each moment', async () => {
    const told: unknown[] = [];
    const done = deferred();
    await using open = await openServer((app) =>
      app.accept('/', {
        upgrade: (request) => void told.push(['upgrade', request.path]),
        open: (channel) => void told.push(['open', channel.readyState]),
        message: (message) => void told.push(['message', message]),
        close: (channel, code, reason) => {
          told.push(['close', channel.readyState, code, reason]);
          done.resolve();
        },
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    client.send('hi');
    client.websocket.close(4_000, 'bye');
    await done.promise;
    expect(told).toEqual([
      ['upgrade', '/'],
      ['open', 1],
      ['message', 'hi'],
      ['close', 3, 4_000, 'bye'],
    ]);
  });

  test('handles the messages of a channel one at a time, in their order', async () => {
    let running = 0;
    let most = 0;
    await using open = await openServer((app) =>
      app.accept('/', async (message) => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running -= 1;
        return message;
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    const messages = Array.from({ length: 300 }, (_, index) => String(index));
    client.send(...messages);
    expect(await client.messages(300)).toEqual(messages);
    expect(most).toBe(1);
  });

  test('holds messages until open is done', async () => {
    const gate = deferred();
    const order: string[] = [];
    await using open = await openServer((app) =>
      app.accept('/', {
        async open() {
          await gate.promise;
          order.push('open');
        },
        message(message) {
          order.push(String(message));
          return 'ok';
        },
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    client.send('first');
    await new Promise(setImmediate);
    gate.resolve();
    await client.messages(1);
    expect(order).toEqual(['open', 'first']);
  });

  test('gives typed messages of a schema, and closes with 1007 on others', async () => {
    await using open = await openServer((app) =>
      app.accept('/', { message: z.object({ n: z.number() }) }, (message) => message.n + 1),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    client.send('{"n":1}');
    expect(await client.messages(1)).toEqual(['2']);
    client.send('{"n":"x"}');
    expect(await client.end()).toMatchObject({ code: 1007 });
    await using other = await WebSocketClient.open(open.port, '/');
    other.send('{');
    expect(await other.end()).toMatchObject({ code: 1007 });
  });

  test('lets error decide what becomes of a refused message and of a handler that throws', async () => {
    await using open = await openServer((app) =>
      app.accept(
        '/',
        { message: z.object({ n: z.number() }) },
        {
          message: () => {
            throw new Error('broken');
          },
          error: (error, channel) => void channel.send(error.message),
        },
      ),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    client.send('{"n":"x"}', '{"n":1}');
    expect(await client.messages(2)).toEqual(['The message does not have the expected form.', 'broken']);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['returns what has no JSON form', () => 1n],
  ])('closes with 1011 when its handler %s', async (_how, handler) => {
    await using open = await openServer((app) => app.accept('/', handler));
    await using client = await WebSocketClient.open(open.port, '/');
    expect(await client.send('x').end()).toMatchObject({ code: 1011 });
    expect(open.log.at('error')).toHaveLength(1);
  });

  test('may refuse a client before the channel is open', async () => {
    await using open = await openServer((app) =>
      app
        .accept('/private', {
          upgrade: async (request) =>
            request.header('x-key') === 'yes' ? undefined : HttpResponse.problem(401, 'Not you.'),
        })
        .accept('/broken', {
          upgrade: () => {
            throw new Error('broken');
          },
        })
        .accept('/odd', { upgrade: () => 'yes' }),
    );
    expect(await WebSocketClient.refused(open.port, '/private')).toMatchObject({ status: 401 });
    expect((await WebSocketClient.refused(open.port, '/broken')).status).toBe(500);
    expect((await WebSocketClient.refused(open.port, '/odd')).status).toBe(500);
    await using client = await WebSocketClient.open(open.port, '/private', { headers: { 'x-key': 'yes' } });
    expect(client.websocket.readyState).toBe(1);
  });

  test('passes guards and middleware, whose headers go out with the handshake', async () => {
    await using open = await openServer((app) =>
      app
        .setHeader('x-default', 'yes')
        .setRateLimit(2, 60)
        .use(async (_request, next) => (await next()).header('x-middleware', 'yes'))
        .onResponse(() => 'changed')
        .accept('/', () => 'ok'),
    );
    const seen: Record<string, unknown>[] = [];
    for (let index = 0; index < 2; index++) {
      await using client = new WebSocketClient(open.port, '/');
      seen.push(await new Promise((resolve) => client.websocket.on('upgrade', ({ headers }) => resolve(headers))));
      expect(await client.send('x').messages(1)).toEqual(['ok']);
    }
    expect(seen[0]).toMatchObject({
      'x-default': 'yes',
      'x-middleware': 'yes',
      ratelimit: expect.stringContaining('r=1') as unknown,
    });
    expect((await WebSocketClient.refused(open.port, '/')).status).toBe(429);
  });

  test('validates its params', async () => {
    await using open = await openServer((app) =>
      app.accept('/:id', { params: z.object({ id: z.coerce.number() }) }, (_message, channel) => channel.params.id + 1),
    );
    expect((await WebSocketClient.refused(open.port, '/x')).status).toBe(400);
    await using client = await WebSocketClient.open(open.port, '/7');
    expect(await client.send('x').messages(1)).toEqual(['8']);
  });

  test('lives beside HTTP routes of its path, and alone answers 426', async () => {
    await using open = await openServer((app) =>
      app
        .get('/both', () => 'page')
        .accept('/both', () => 'ok')
        .accept('/only', () => 'ok')
        .get('/page', () => 'page'),
    );
    expect(await (await fetch(`http://127.0.0.1:${open.port}/both`)).text()).toBe('page');
    const only = await fetch(`http://127.0.0.1:${open.port}/only`);
    expect([only.status, only.headers.get('upgrade')]).toEqual([426, 'websocket']);
    await using plain = await RawClient.open(open.port);
    const [kept, last] = [get('/only'), get('/only', 'connection: close')];
    const [first, second] = await plain.send(kept + last).responses(2);
    expect([first?.headers.get('connection'), second?.headers.get('connection')]).toEqual([
      'Upgrade',
      'close, Upgrade',
    ]);
    const posted = await fetch(`http://127.0.0.1:${open.port}/only`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
    expect((await WebSocketClient.refused(open.port, '/nowhere')).status).toBe(404);
    expect(await WebSocketClient.refused(open.port, '/page')).toMatchObject({ status: 200, body: 'page' });
    await using client = await WebSocketClient.open(open.port, '/both');
    expect(await client.send('x').messages(1)).toEqual(['ok']);
  });

  test('is no route when WebSockets are switched off', async () => {
    await using open = await openServer((app) => app.websocket(false).accept('/', () => 'ok'));
    expect((await WebSocketClient.refused(open.port, '/')).status).toBe(404);
  });

  test.each(['h2c', 'TLS/1.0', 'foo'])('leaves an offer of %s to HTTP', async (protocol) => {
    await using open = await openServer((app) => app.accept('/', () => 'ok').get('/', () => 'page'));
    await using client = await RawClient.open(open.port);
    const response = await client
      .send(
        get(
          '/',
          'connection: Upgrade, HTTP2-Settings',
          `upgrade: ${protocol}`,
          'http2-settings: AAMAAABkAAQAoAAAAAIAAAAA',
        ),
      )
      .response();
    expect([response.status, response.body]).toEqual([200, 'page']);
  });

  test.each<[string, unknown]>([
    ['a string', 'x'],
    ['nothing', undefined],
    ['another moment', { opened: () => undefined }],
    ['a moment that is no function', { open: 7 }],
  ])('refuses %s for handlers', (_what, handlers) => {
    expect(() => new HttpServer().accept('/', handlers as never)).toThrow(/accept \/ /);
  });

  test('stands once for a pattern', () => {
    expect(() => new HttpServer().accept('/:a', () => 1).accept('/:b', () => 2)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_DUPLICATE_ROUTE' }),
    );
  });
});

describe('the opening handshake', () => {
  const key = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==';
  const upgrade = ['connection: Upgrade', 'upgrade: websocket'];

  test.each<[string, readonly string[], number]>([
    ['the right one', [...upgrade, key, 'sec-websocket-version: 13'], 101],
    [
      'Connection with more options',
      ['connection: keep-alive, Upgrade', 'upgrade: WebSocket', key, 'sec-websocket-version: 13'],
      101,
    ],
    ['no key', [...upgrade, 'sec-websocket-version: 13'], 400],
    ['a short key', [...upgrade, 'sec-websocket-key: abc', 'sec-websocket-version: 13'], 400],
    ['two keys', [...upgrade, key, key, 'sec-websocket-version: 13'], 400],
    ['no version', [...upgrade, key], 426],
    ['version 8', [...upgrade, key, 'sec-websocket-version: 8'], 426],
    ['a foreign origin', [...upgrade, key, 'sec-websocket-version: 13', 'origin: https://evil.example'], 403],
    ['the origin null', [...upgrade, key, 'sec-websocket-version: 13', 'origin: null'], 403],
    ['a malformed origin', [...upgrade, key, 'sec-websocket-version: 13', 'origin: //a'], 403],
    ['the origin of its own host', [...upgrade, key, 'sec-websocket-version: 13', 'origin: http://test'], 101],
    ['its own host on another port', [...upgrade, key, 'sec-websocket-version: 13', 'origin: http://test:81'], 403],
    [
      'no option Upgrade in Connection',
      ['connection: keep-alive', 'upgrade: websocket', key, 'sec-websocket-version: 13'],
      426,
    ],
    ['a body', [...upgrade, key, 'sec-websocket-version: 13', 'content-length: 2'], 426],
  ])('with %s', async (_what, lines, status) => {
    const opened: string[] = [];
    await using open = await openServer((app) => app.accept('/', { open: () => void opened.push('open') }));
    await using client = await RawClient.open(open.port);
    client.send(get('/', ...lines));
    await client.until(() => client.received.includes('\r\n\r\n'), 'a head');
    expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(opened).toHaveLength(status === 101 ? 1 : 0);
  });

  test('takes the origins that are named, whatever the host', async () => {
    await using open = await openServer((app) =>
      app.websocket({ origins: ['https://app.example'] }).accept('/', () => 'ok'),
    );
    await using client = await WebSocketClient.open(open.port, '/', { origin: 'https://APP.example' });
    expect(client.websocket.readyState).toBe(1);
    expect((await WebSocketClient.refused(open.port, '/', { origin: `http://127.0.0.1:${open.port}` })).status).toBe(
      403,
    );
  });

  test('delivers what the client sent before it was answered', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app.accept('/', { upgrade: () => gate.promise, message: (message) => message }),
    );
    await using client = await RawClient.open(open.port);
    // "hi", masked with zeros.
    client.send(get('/', ...upgrade, key, 'sec-websocket-version: 13') + '\x81\x82\0\0\0\0hi');
    await new Promise(setImmediate);
    gate.resolve();
    await client.until(() => client.received.endsWith('\x81\x02hi'), 'the echo');
  });

  test('aborts the signal of a request whose client leaves meanwhile', async () => {
    const reason = deferred<unknown>();
    await using open = await openServer((app) =>
      app.accept('/', {
        upgrade: async (request) => {
          await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
          reason.resolve(request.signal.reason);
        },
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/', ...upgrade, key, 'sec-websocket-version: 13'));
    await new Promise(setImmediate);
    client.reset();
    expect(await reason.promise).toMatchObject({ code: 'ERR_PORTLIGHT_CLIENT_GONE' });
  });
});

describe('limits of channels', () => {
  test('close with 1009 what is too large, before it is there', async () => {
    await using open = await openServer((app) => app.websocket({ maxPayloadBytes: 10 }).accept('/', () => 'ok'));
    await using client = await WebSocketClient.open(open.port, '/');
    expect(await client.send('x'.repeat(11)).end()).toMatchObject({ code: 1009 });
  });

  test('close with 1008 who sends too many messages', async () => {
    await using open = await openServer((app) => app.websocket({ messagesPerSecond: 3 }).accept('/', () => undefined));
    await using client = await WebSocketClient.open(open.port, '/');
    expect(await client.send(...Array.from({ length: 10 }, String)).end()).toMatchObject({ code: 1008 });
  });

  test('refuse one channel too many, of all and of one address', async () => {
    await using all = await openServer((app) => app.websocket({ maxChannels: 1 }).accept('/', () => 'ok'));
    await using one = await WebSocketClient.open(all.port, '/');
    expect((await WebSocketClient.refused(all.port, '/')).status).toBe(503);
    expect(one.websocket.readyState).toBe(1);
    await using each = await openServer((app) => app.websocket({ maxChannelsPerIp: 1 }).accept('/', () => 'ok'));
    await using first = await WebSocketClient.open(each.port, '/');
    expect((await WebSocketClient.refused(each.port, '/')).status).toBe(429);
    first.websocket.close();
    await first.end();
  });

  test('cut who answers no ping', async () => {
    const code = deferred<number>();
    await using open = await openServer((app) =>
      app.websocket({ heartbeatMs: 20 }).accept('/', { close: (_channel, how) => code.resolve(how) }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    const pinged = new Promise((resolve) => client.websocket.once('ping', resolve));
    await pinged;
    client.websocket.terminate();
    expect(await code.promise).toBe(1006);
  });

  test.each([
    { maxPayloadBytes: 0 },
    { maxPayload: 1 },
    { slowClient: 'wait' },
    { origins: ['app.example'] },
    { origins: ['https://app.example/path'] },
    { heartbeatMs: -1 },
  ])('refuse %j where it is given', (options) => {
    expect(() => new HttpServer().websocket(options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
    );
    expect(() => new HttpServer('127.0.0.1', 0, { websocket: options as never })).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
    );
  });
});

describe('a channel', () => {
  const channelOf = async (act: (channel: Channel<RequestShape>) => unknown): Promise<unknown> => {
    const result = deferred<unknown>();
    await using open = await openServer((app) =>
      app.accept('/', {
        open: (channel) => {
          try {
            result.resolve(act(channel));
          } catch (error) {
            result.resolve(error);
          }
        },
      }),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    void client;
    return await result.promise;
  };

  test.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1.5, '1000', null])(
    'refuses the close code %j',
    async (code) => {
      expect(await channelOf((channel) => channel.close(code as number))).toMatchObject({
        code: 'ERR_PORTLIGHT_CHANNEL',
      });
    },
  );

  test('refuses a long reason, and what it cannot send', async () => {
    expect(await channelOf((channel) => channel.close(1000, 'é'.repeat(62)))).toMatchObject({
      code: 'ERR_PORTLIGHT_CHANNEL',
    });
    expect(await channelOf((channel) => channel.send({} as never))).toMatchObject({ code: 'ERR_PORTLIGHT_CHANNEL' });
    expect(await channelOf((channel) => channel.json(1n))).toMatchObject({ code: 'ERR_PORTLIGHT_INVALID_REPLY' });
  });

  test('sends nothing after it is closed, and closes once', async () => {
    expect(
      await channelOf((channel) => {
        channel.close(4_000, 'one');
        channel.close(4_001, 'two');
        return [channel.send('x'), channel.readyState];
      }),
    ).toEqual(['dropped', 2]);
  });

  test('sends well-formed text, whatever the string holds', async () => {
    await using open = await openServer((app) => app.accept('/', () => '\ud800 é 😀'));
    await using client = await WebSocketClient.open(open.port, '/');
    expect(await client.send('x').messages(1)).toEqual(['\ufffd é 😀']);
  });

  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])('frames %i bytes', async (bytes) => {
    await using open = await openServer((app) =>
      app.websocket({ maxPayloadBytes: 2_000_000 }).accept('/', (message) => message),
    );
    await using client = await WebSocketClient.open(open.port, '/', { maxPayload: 2_000_000 });
    const sent = Buffer.alloc(bytes, 'x');
    const [received] = await client.send(sent).messages(1);
    expect(Buffer.compare(received as Buffer, sent)).toBe(0);
  });

  test('speaks compressed where that is wanted', async () => {
    await using open = await openServer((app) =>
      app.websocket({ perMessageDeflate: true }).accept('/', (message) => message),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    expect(client.websocket.extensions).toContain('permessage-deflate');
    const text = 'x'.repeat(10_000);
    expect(await client.send(text).messages(1)).toEqual([text]);
  });
});

describe('a stop', () => {
  test('closes channels with 1001, and is clean', async () => {
    const open = await openServer((app) => app.accept('/', () => 'ok'));
    const clients = await Promise.all(Array.from({ length: 20 }, () => WebSocketClient.open(open.port, '/')));
    const report = await open.server.shutdown();
    expect(await Promise.all(clients.map((client) => client.end()))).toEqual(
      clients.map(() => ({ code: 1001, reason: 'The server stops.' })),
    );
    expect(report).toMatchObject({ forced: 0, drained: 20 });
  });

  test('ends one whose client never reads, within two seconds and a bit', async () => {
    const open = await openServer((app) =>
      app.accept('/', { open: (channel) => void channel.send('x'.repeat(900_000)) }),
    );
    const client = await WebSocketClient.open(open.port, '/');
    client.websocket.pause();
    const report = await open.server.shutdown({ timeoutMs: 5_000 });
    expect(report.durationMs).toBeLessThan(4_000);
    await client[Symbol.asyncDispose]();
  });
});
