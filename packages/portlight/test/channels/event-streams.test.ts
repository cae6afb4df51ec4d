import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HttpError, HttpResponse, type HttpServer, type RequestShape, type ServerOptions } from '../../src/index.ts';
import type { EventStream } from '../../src/channels/event-stream.ts';
import { deferred } from '../support/deferred.ts';
import { EventClient } from '../support/event-client.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

type Stream = EventStream<RequestShape>;

const LANES: readonly (readonly [string, ServerOptions])[] = [
  ['fast', { lane: 'fast' }],
  ['http', { lane: 'http' }],
];
const RETRY = /^retry: (\d+)\n\n/;

async function* three(): AsyncGenerator<{ data: number }> {
  for (let data = 1; data <= 3; data++) {
    await Promise.resolve();
    yield { data };
  }
}

describe.each(LANES)('an event stream on the lane %s', (_lane, options) => {
  test('begins at once, before there is an event, with its headers and a retry', async () => {
    await using open = await openServer((app) => app.events('/feed', () => undefined), options);
    await using client = await EventClient.open(open.port, '/feed');
    expect([client.status, client.headers]).toEqual([
      200,
      expect.objectContaining({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      }),
    ]);
    expect(client.headers).not.toHaveProperty('content-length');
    expect(client.headers).not.toHaveProperty('content-encoding');
    await client.until(() => RETRY.test(client.text));
    expect(client.retryMs).toBeGreaterThanOrEqual(2_000);
    expect(client.retryMs).toBeLessThan(3_000);
  });

  test('stays open when its handler has returned', async () => {
    const opened = deferred<Stream>();
    await using open = await openServer((app) => app.events('/feed', (stream) => opened.resolve(stream)), options);
    await using client = await EventClient.open(open.port, '/feed');
    const stream = await opened.promise;
    for (let index = 1; index <= 3; index++) {
      expect(stream.send({ data: index })).toBe('sent');
      await client.events(index);
    }
    expect(client.received.map(({ data }) => data)).toEqual(['1', '2', '3']);
  });

  test('sends what its handler sent before it returned, in order, and passes over an empty event', async () => {
    await using open = await openServer(
      (app) =>
        app.events('/:room', async (stream, request) => {
          stream.send({ data: stream.params['room'] });
          stream.send({});
          stream.send({ data: request.path, event: 'path', id: '7' });
          await Promise.resolve();
          stream.send({ comment: 'soon', data: { last: true } });
        }),
      options,
    );
    await using client = await EventClient.open(open.port, '/harbour');
    expect(await client.events(3)).toEqual([
      { event: 'message', data: 'harbour', id: undefined },
      { event: 'path', data: '/harbour', id: '7' },
      { event: 'message', data: '{"last":true}', id: undefined },
    ]);
    expect(client.comments).toEqual(['soon']);
  });

  test.each<[string, () => unknown]>([
    ['an async generator', three],
    ['a promise of one', () => Promise.resolve(three())],
    ['a web stream', () => ReadableStream.from(three())],
  ])('sends what %s gives, and ends with it', async (_what, handler) => {
    await using open = await openServer((app) => app.events('/feed', handler), options);
    await using client = await EventClient.open(open.port, '/feed');
    expect(await client.end()).toBe('end');
    expect(client.received.map(({ data }) => data)).toEqual(['1', '2', '3']);
    expect(open.log.at('error')).toEqual([]);
  });

  test('asks an iterable for more only when the client has taken what there was', async () => {
    let made = 0;
    await using open = await openServer(
      (app) =>
        app.events('/feed', async function* () {
          for (; made < 2_000; made++) yield { data: 'x'.repeat(100_000) };
        }),
      { ...options, writeTimeoutMs: 200 },
    );
    const served = serverSocket(open.server);
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/feed', 'accept: text/event-stream'));
    // It ends when nothing has moved for writeTimeoutMs.
    await (
      await served
    ).closed;
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(400);
  });

  test('ends in order when its handler closes it, after what was sent before', async () => {
    const settled = deferred();
    await using open = await openServer(
      (app) =>
        app.events('/feed', (stream) => {
          void stream.closed.then(settled.resolve);
          setImmediate(() => {
            stream.send({ data: 'last' });
            stream.close();
            stream.close();
            expect(stream.send({ data: 'late' })).toBe('dropped');
          });
        }),
      options,
    );
    await using client = await EventClient.open(open.port, '/feed');
    expect(await client.end()).toBe('end');
    expect(client.received.map(({ data }) => data)).toEqual(['last']);
    await settled.promise;
  });

  test('leaves its connection for the next request', async () => {
    await using open = await openServer(
      (app) => app.events('/feed', (stream) => stream.close()).get('/', () => 'page'),
      options,
    );
    await using client = await RawClient.open(open.port);
    const [stream, page] = await client.send(get('/feed', 'accept: text/event-stream') + get('/')).responses(2);
    expect([stream?.status, stream?.body.replace(RETRY, '')]).toEqual([200, '']);
    expect(page?.body).toBe('page');
  });

  test('answers HEAD with its headers, and ends', async () => {
    let calls = 0;
    await using open = await openServer((app) => app.events('/feed', () => void calls++), options);
    await using client = await RawClient.open(open.port);
    const response = (
      await client.send(`HEAD /feed HTTP/1.1\r\nhost: test\r\naccept: text/event-stream\r\n\r\n`).responses(1, [0])
    )[0];
    expect([response?.status, response?.headers.get('content-type'), calls]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      0,
    ]);
  });

  test('has no length in an answer to HEAD either', async () => {
    await using open = await openServer((app) => app.events('/feed', () => undefined), options);
    const { headers } = await fetch(`http://127.0.0.1:${open.port}/feed`, {
      method: 'HEAD',
      headers: { accept: 'text/event-stream' },
    });
    expect(headers.get('content-length')).toBe(null);
  });

  test('goes to a client of HTTP/1.0 until the connection ends', async () => {
    await using open = await openServer((app) => app.events('/feed', three), options);
    await using client = await RawClient.open(open.port);
    client.send('GET /feed HTTP/1.0\r\nhost: test\r\naccept: text/event-stream\r\n\r\n');
    expect((await client.ended()).split('\r\n\r\n')[1]).toMatch(/^retry: \d+\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n$/);
  });

  test('is not cut for silence, as others are', async () => {
    const opened = deferred<Stream>();
    await using open = await openServer(
      (app) => app.setTimeout(0, 50_000).events('/feed', (stream) => opened.resolve(stream)),
      options,
    );
    await using client = await EventClient.open(open.port, '/feed');
    for (let round = 0; round < 3; round++) {
      await using silent = await RawClient.open(open.port);
      await silent.ended();
    }
    (await opened.promise).send({ data: 'still here' });
    expect(await client.data(1)).toEqual(['still here']);
  });
});

/** The next connection, as the server has it. */
async function serverSocket(
  server: HttpServer,
): Promise<{ readonly writableLength: number; readonly closed: Promise<void> }> {
  return new Promise((resolve) =>
    server.getSocket()?.once('connection', (socket) => {
      const closed = new Promise<void>((done) => socket.once('close', () => done()));
      resolve({
        get writableLength() {
          return socket.writableLength;
        },
        closed,
      });
    }),
  );
}

describe('a handler of events', () => {
  test.each<[string, () => never | Promise<never>, number]>([
    [
      'an HttpError',
      () => {
        throw new HttpError(403, 'Not you.');
      },
      403,
    ],
    [
      'anything else',
      () => {
        throw new Error('secret');
      },
      500,
    ],
  ])('that throws %s is an answer, as of any route', async (_what, handler, status) => {
    const { server } = portless((app) => app.events('/feed', handler));
    const response = await fetchEvents(server, '/feed');
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(await response.text()).not.toContain('secret');
  });

  test.each<[string, (stream: Stream) => unknown]>([
    [
      'rejects',
      async (stream) => {
        stream.send({ data: 'first' });
        await Promise.resolve();
        throw new Error('broken');
      },
    ],
    [
      'gives a generator that throws',
      async function* () {
        yield { data: 'first' };
        await Promise.resolve();
        throw new Error('broken');
      },
    ],
    [
      'gives what is no event',
      async function* (stream) {
        stream.send({ data: 'first' });
        yield 'second';
      },
    ],
  ])('that %s when the stream is open is logged once, and ends it after what was sent', async (_how, handler) => {
    const { server, log } = portless((app) => app.events('/feed', handler));
    const response = await fetchEvents(server, '/feed');
    expect((await response.text()).replace(RETRY, '')).toBe('data: first\n\n');
    expect(log.at('error')).toHaveLength(1);
  });

  test('may return a response instead, 204 to tell a browser not to come back', async () => {
    const seen: Stream[] = [];
    const { server } = portless((app) =>
      app.events('/feed', (stream) => {
        void stream.join('news');
        seen.push(stream);
        return new HttpResponse(null, { status: 204 });
      }),
    );
    expect((await fetchEvents(server, '/feed')).status).toBe(204);
    await seen[0]?.closed;
    expect((await server.publish('news', 1)).subscribers).toBe(0);
  });

  test('that resolves to a response, too late for one, ends the stream and is logged', async () => {
    const { server, log } = portless((app) =>
      app.events('/feed', async (stream) => {
        // What is still open after this is open for ever.
        setTimeout(() => void stream.closed.then(() => undefined), 0);
        setImmediate(() => setImmediate(() => stream.send({ data: 'still open' })));
        setImmediate(() => setImmediate(() => stream.close()));
        return HttpResponse.problem(403);
      }),
    );
    expect((await (await fetchEvents(server, '/feed')).text()).replace(RETRY, '')).toBe('');
    expect([...log.at('error'), ...log.at('warn')]).toHaveLength(1);
  });

  test('that waits for something until the client leaves has not failed', async () => {
    const gone = deferred();
    await using open = await openServer((app) =>
      app.events('/feed', async (stream, request) => {
        await new Promise((_resolve, reject) =>
          request.signal.addEventListener('abort', () => reject(request.signal.reason as Error)),
        ).finally(() => setImmediate(gone.resolve));
        stream.send({ data: 'never' });
      }),
    );
    const client = await EventClient.open(open.port, '/feed');
    await client[Symbol.asyncDispose]();
    await gone.promise;
    expect(open.log.at('error')).toEqual([]);
  });

  test('whose generator waits when the client leaves is told by the signal, and returned from', async () => {
    const returned = deferred();
    await using open = await openServer((app) =>
      app.events('/feed', async function* (_stream, request) {
        try {
          yield { data: 'first' };
          await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
          yield { data: 'never' };
        } finally {
          returned.resolve();
        }
      }),
    );
    const client = await EventClient.open(open.port, '/feed');
    await client.events(1);
    await client[Symbol.asyncDispose]();
    await returned.promise;
  });

  test('whose iterable cannot be returned from is not asked for more', async () => {
    let asked = 0;
    const { server } = portless((app) =>
      app.events('/feed', () => ({
        [Symbol.asyncIterator]: () => ({
          // It ends at last, so that this test does.
          next: () =>
            new Promise((resolve) => setImmediate(() => resolve({ done: ++asked > 1_000, value: { data: asked } }))),
        }),
      })),
    );
    const reader = (await fetchEvents(server, '/feed')).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const before = asked;
    for (let round = 0; round < 20; round++) await new Promise(setImmediate);
    expect(asked - before).toBeLessThanOrEqual(2);
  });

  test('whose generator fails while it is returned from ends nothing else', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    try {
      const { server } = portless((app) =>
        app.events('/feed', async function* () {
          try {
            for (;;) yield { data: await Promise.resolve(1) };
          } finally {
            await Promise.reject(new Error('broken at its end'));
          }
        }),
      );
      const reader = (await fetchEvents(server, '/feed')).body?.getReader();
      await reader?.read();
      await reader?.cancel();
      for (let round = 0; round < 5; round++) await new Promise(setImmediate);
      expect(unhandled).toEqual([]);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    }
  });

  test('gets typed params, and is not called where they are refused', async () => {
    const { server } = portless((app) =>
      app.events('/:id', { params: z.object({ id: z.coerce.number() }) }, (stream) => {
        stream.send({ data: stream.params.id + 1 });
        stream.close();
      }),
    );
    expect((await fetchEvents(server, '/x')).status).toBe(400);
    expect((await (await fetchEvents(server, '/7')).text()).replace(RETRY, '')).toBe('data: 8\n\n');
  });

  test('is refused twice for one pattern, and where it is no function', () => {
    expect(() => portless((app) => app.events('/:a', () => 1).events('/:b', () => 2))).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_DUPLICATE_ROUTE' }),
    );
    expect(() => portless((app) => app.events('/feed', 'text' as never))).toThrow(/events \/feed/);
  });
});

function fetchEvents(
  server: HttpServer,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return server.fetch(path, { headers: { accept: 'text/event-stream', ...headers } });
}

describe('what an Accept field asks for', () => {
  const both = portless((app) => app.events('/feed', (stream) => stream.close()).get('/feed', () => 'page')).server;
  const alone = portless((app) => app.events('/feed', (stream) => stream.close())).server;

  test.each<[string | undefined, boolean]>([
    ['text/event-stream', true],
    ['TEXT/Event-Stream', true],
    ['text/event-stream; charset=utf-8', true],
    ['text/html, text/event-stream;q=0.5', true],
    ['text/event-stream;q=0.001', true],
    ['text/event-stream;q=0', false],
    ['text/event-stream; q=0.000', false],
    ['text/event-stream;Q=0, */*', false],
    ['text/*', false],
    ['*/*', false],
    ['text/event-streams', false],
    ['application/json', false],
    ['', false],
    [undefined, false],
  ])('%j', async (accept, isStream) => {
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    const [beside, only] = await Promise.all([both.fetch('/feed', { headers }), alone.fetch('/feed', { headers })]);
    expect((await beside.text()).replace(RETRY, '')).toBe(isStream ? '' : 'page');
    expect(beside.headers.get('content-type')?.startsWith('text/event-stream')).toBe(isStream);
    expect(only.status).toBe(isStream ? 200 : 406);
    if (!isStream)
      expect(await only.json()).toMatchObject({
        status: 406,
        detail: expect.stringContaining('text/event-stream') as unknown,
      });
  });

  test('does not matter to other methods', async () => {
    const headers = { accept: 'text/event-stream' };
    const posted = await alone.fetch('/feed', { method: 'POST', headers });
    expect([posted.status, posted.headers.get('allow')?.split(', ')]).toEqual([
      405,
      expect.arrayContaining(['GET', 'OPTIONS']),
    ]);
    expect((await alone.fetch('/feed', { method: 'OPTIONS', headers })).status).toBe(204);
    expect((await alone.fetch('/feed', { method: 'HEAD' })).status).toBe(406);
  });

  test('of HEAD is named by Allow', async () => {
    expect((await alone.fetch('/feed', { method: 'POST' })).headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  test('does not hide other routes', async () => {
    const { server } = portless((app) => app.events('/feed', (stream) => stream.close()).get('/page', () => 'page'));
    expect(await (await fetchEvents(server, '/page')).text()).toBe('page');
    expect((await fetchEvents(server, '/nowhere')).status).toBe(404);
  });
});

describe('on its way an event stream', () => {
  test('passes middleware and guards, and interceptors, which see a response and cannot replace its body', async () => {
    let intercepted = 0;
    const { server, log } = portless((app) =>
      app
        .setHeader('x-default', 'yes')
        .setRateLimit(2, 60)
        .use(async (_request, next) => (await next()).header('x-middleware', 'yes'))
        .onResponse((shown) => {
          intercepted++;
          shown.header('x-interceptor', 'yes');
          return 'changed';
        })
        .onResponse((shown) => void (shown.body = 'changed'))
        .onResponse((shown) => new HttpResponse('changed', { status: shown.status, headers: shown.headers }))
        .onResponse((shown) => void shown.header('x-last', 'yes').header('ratelimit', 'own'))
        .group('/api', (api) =>
          api.events('/feed', (stream) => {
            stream.send({ data: 'x' });
            stream.close();
          }),
        ),
    );
    const response = await fetchEvents(server, '/api/feed');
    expect((await response.text()).replace(RETRY, '')).toBe('data: x\n\n');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-default': 'yes',
      'x-middleware': 'yes',
      'x-interceptor': 'yes',
      'x-last': 'yes',
      ratelimit: 'own',
    });
    expect(log.at('error').map(({ fields }) => (fields['err'] as Error).message)).toEqual(
      Array.from({ length: 3 }, () => 'The body of an event stream cannot be replaced; its status and fields can.'),
    );
    await fetchEvents(server, '/api/feed');
    expect([(await fetchEvents(server, '/api/feed')).status, intercepted]).toEqual([429, 3]);
  });

  test('is refused by a middleware before its handler is called', async () => {
    let calls = 0;
    const { server } = portless((app) => app.use(() => HttpResponse.problem(401)).events('/feed', () => void calls++));
    expect([(await fetchEvents(server, '/feed')).status, calls]).toEqual([401, 0]);
  });

  test('is refused where clients have to be connected', async () => {
    const { server } = portless((app) => app.connectionRequired().events('/feed', (stream) => stream.close()));
    expect(await (await fetchEvents(server, '/feed')).json()).toMatchObject({
      status: 403,
      code: 'ERR_PORTLIGHT_CONNECTION_REQUIRED',
    });
    await server.fetch('/connect');
    expect((await fetchEvents(server, '/feed')).status).toBe(200);
  });

  test('is not cut by the time that a handler has', async () => {
    const opened = deferred<Stream>();
    const { server } = portless((app) =>
      app.events('/feed', { handlerTimeoutMs: 1 }, (stream) => opened.resolve(stream)),
    );
    const response = await fetchEvents(server, '/feed');
    const stream = await opened.promise;
    await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise(setImmediate);
    stream.send({ data: 'x' });
    stream.close();
    expect((await response.text()).replace(RETRY, '')).toBe('data: x\n\n');
  });

  test('is closed where a middleware puts another response in its place', async () => {
    const opened = deferred<Stream>();
    const { server } = portless((app) =>
      app
        .use(async (_request, next) => {
          await next();
          return 'other';
        })
        .events('/feed', (stream) => opened.resolve(stream)),
    );
    expect(await (await fetchEvents(server, '/feed')).text()).toBe('other');
    await (
      await opened.promise
    ).closed;
  });

  test.each(LANES)(
    'is closed when the client leaves while a middleware works behind it, on the lane %s',
    async (_lane, options) => {
      const opened = deferred<Stream>();
      const gone = deferred();
      await using open = await openServer(
        (app) =>
          app
            .use(async (request, next) => {
              const response = await next();
              await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
              gone.resolve();
              return response;
            })
            .events('/feed', (stream) => opened.resolve(stream)),
        options,
      );
      await using client = await RawClient.open(open.port);
      client.send(get('/feed', 'accept: text/event-stream'));
      const stream = await opened.promise;
      client.reset();
      await gone.promise;
      await stream.closed;
    },
  );

  test('without a port ends when the signal of its caller is aborted', async () => {
    const opened = deferred<Stream>();
    const { server } = portless((app) => app.events('/feed', (stream) => opened.resolve(stream)));
    const caller = new AbortController();
    const response = await server.fetch('/feed', { headers: { accept: 'text/event-stream' }, signal: caller.signal });
    const stream = await opened.promise;
    caller.abort();
    await stream.closed;
    await expect(response.text()).rejects.toThrow();
  }, 1_000);

  test('comes without a port, a piece at a time, and ends when its reader gives up', async () => {
    const opened = deferred<Stream>();
    const { server } = portless((app) => app.events('/feed', (stream) => opened.resolve(stream)));
    const response = await fetchEvents(server, '/feed');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const read = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await read()).toMatch(RETRY);
    const stream = await opened.promise;
    stream.send({ data: 1 });
    stream.send({ data: 2 });
    expect(await read()).toBe('data: 1\n\ndata: 2\n\n');
    await reader.cancel();
    await stream.closed;
  });
});
