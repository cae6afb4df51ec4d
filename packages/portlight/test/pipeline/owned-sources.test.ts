import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { HttpResponse, type HttpServer } from '../../src/index.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

const MISSING = '/nowhere/at/all';

function destroyed(): Readable {
  const readable = new Readable({ read() {} });
  readable.destroy(new Error('secret'));
  return readable;
}

function fail(): never {
  throw new Error('secret');
}

function later<Value>(value: Value): Promise<Value> {
  return new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(value))));
}

/** Every kind of source, failing before its first chunk. */
const FAILING: Readonly<Record<string, () => unknown>> = {
  *'a generator'() {
    yield fail();
  },
  async *'an async generator'() {
    yield fail();
  },
  async *'an async generator that takes its time'() {
    await later(undefined);
    yield fail();
  },
  'a web stream': () => new ReadableStream({ start: (controller) => controller.error(new Error('secret')) }),
  'a web stream that takes its time': () =>
    new ReadableStream({
      async pull() {
        await later(undefined);
        throw new Error('secret');
      },
    }),
  'a missing file': () => createReadStream(MISSING),
  'a Readable that was destroyed': destroyed,
  'a Readable that is destroyed later': () => {
    const readable = new Readable({ read() {} });
    setImmediate(() => readable.destroy(new Error('secret')));
    return readable;
  },
  'a Response': () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('secret')) })),
  'an HttpResponse': () => HttpResponse.stream(destroyed(), { status: 201 }),
  'an iterator whose first chunk is none': () => [5].values(),
  'a stream that is read by somebody else': () => {
    const stream = new ReadableStream();
    stream.getReader();
    return stream;
  },
  'fewer bytes than announced': () => HttpResponse.stream([].values(), { headers: { 'content-length': 5 } }),
  'more bytes than announced at once': () =>
    HttpResponse.stream(['123456'].values(), { headers: { 'content-length': 5 } }),
  'a promise of a stream': () => later(undefined).then(() => createReadStream(MISSING)),
};

describe.each(Object.entries(FAILING))('%s that fails before its first chunk', (_what, reply) => {
  test('is a 500 like others, to middleware, interceptors and the limiter too', async () => {
    const seen: number[] = [];
    const { server, log } = portless((app) =>
      app
        .setRateLimit(5, 60)
        .use(async (_request, next) => (await next()).header('x-middleware', 'yes'))
        .onResponse((response) => void seen.push(response.status))
        .get('/', reply),
    );
    const response = await server.fetch('/');
    expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json']);
    expect(await response.text()).not.toContain('secret');
    expect([response.headers.get('x-middleware'), response.headers.get('ratelimit')]).toEqual([
      'yes',
      expect.stringContaining('r=4'),
    ]);
    expect(seen).toEqual([500]);
    expect(log.at('error')).toHaveLength(1);
  });

  test('goes to the error handlers', async () => {
    const { server } = portless((app) =>
      app.get('/', reply).error((error) => HttpResponse.text(`sorry ${error.status}`)),
    );
    const response = await server.fetch('/');
    expect([response.status, await response.text()]).toEqual([500, 'sorry 500']);
  });

  test('keeps the connection', async () => {
    await using open = await openServer((app) => app.get('/', reply).get('/next', () => 'next'));
    await using client = await RawClient.open(open.port);
    const [failed, next] = await client.send(get('/') + get('/next')).responses(2);
    expect([failed?.status, next?.body]).toEqual([500, 'next']);
  });
});

/** Ways in which a reply has to wait before it is read. */
const WAITING: Readonly<Record<string, (app: HttpServer, reply: () => unknown) => unknown>> = {
  'a middleware that waits after the handler': (app, reply) =>
    app.use(async (_request, next) => later(await next())).get('/', reply),
  'an interceptor that waits': (app, reply) => app.onResponse(() => later(undefined)).get('/', reply),
  'a schema that waits': (app, reply) =>
    app.get('/', { response: z.any().refine(() => later(true)) }, reply as () => Promise<unknown>),
  'a middleware that returns it while it waits for the handler': (app, reply) =>
    app
      .use((_request, next) => {
        void next();
        return reply();
      })
      .get('/', () => later('inner')),
  'an error handler': (app, reply) =>
    app
      .error(() => reply())
      .get('/', () => {
        throw new Error('first');
      }),
  'a middleware that keeps the response': (app, reply) =>
    app
      .use(async (_request, next) => {
        const response = HttpResponse.stream(reply() as Readable);
        await later(await next());
        return response;
      })
      .get('/', () => 'inner'),
};

test.each(Object.entries(WAITING))(
  'a Readable that fails while %s has it does not end the process',
  async (_what, register) => {
    for (const reply of [() => createReadStream(MISSING), destroyed]) {
      await using open = await openServer((app) => register(app, reply));
      await using client = await RawClient.open(open.port);
      expect((await client.send(get('/')).response()).status).toBe(500);
    }
  },
);

test('a Readable that fails while an earlier request is answered does not end the process', async () => {
  await using open = await openServer((app) =>
    app.get('/slow', () => later(later('slow'))).get('/file', () => createReadStream(MISSING)),
  );
  await using client = await RawClient.open(open.port);
  const [slow, file] = await client.send(get('/slow') + get('/file')).responses(2);
  expect([slow?.body, file?.status]).toEqual(['slow', 500]);
});

const rejecting = (): Promise<string> => Promise.reject(new Error('an await is missing'));

test.each<[string, () => unknown]>([
  [
    'a chunk of a generator',
    function* () {
      yield rejecting();
    },
  ],
  [
    'what a generator returns',
    function* () {
      yield 'a';
      return rejecting();
    },
  ],
  [
    'a chunk of an iterator',
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => ({ value: rejecting(), done: false }) }) }),
  ],
  ['a chunk of a web stream', () => new ReadableStream({ pull: (controller) => controller.enqueue(rejecting()) })],
  ['a field', () => ({ user: rejecting() })],
  ['several items', () => [1, 2, 3].map(rejecting)],
  ['a stream within a value', () => ({ file: createReadStream(MISSING) })],
  ['a text', () => HttpResponse.text(rejecting() as never)],
])('a promise that is rejected, as %s, does not end the process', async (_what, reply) => {
  await using open = await openServer((app) => app.get('/', reply));
  await using client = await RawClient.open(open.port);
  await client.send(get('/', 'connection: close')).ended();
  await new Promise(setImmediate);
});

test('a Readable that says it has failed and goes on is a 500, whatever waits', async () => {
  const reply = (): Readable => {
    const readable = new Readable({ read() {}, autoDestroy: false });
    setImmediate(() => readable.emit('error', new Error('secret')));
    return readable;
  };
  const { server } = portless((app) => app.get('/', { response: z.any().refine(() => later(true)) }, reply));
  expect((await server.fetch('/')).status).toBe(500);
});

test('a stream that an upgrade returns, which is no response, is a 500', async () => {
  await using open = await openServer((app) => app.accept('/', { upgrade: () => createReadStream(MISSING) }));
  await using client = await RawClient.open(open.port);
  const handshake = [
    'upgrade: websocket',
    'connection: upgrade',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  expect(await client.send(get('/', ...handshake)).ended()).toMatch(/^HTTP\/1\.1 500 /);
  await new Promise(setImmediate);
});

test('bytes in a stream whose memory was given away cut it', async () => {
  await using open = await openServer((app) =>
    app.get('/', function* () {
      yield 'a';
      const bytes = new Uint8Array(8);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      yield bytes;
    }),
  );
  await using client = await RawClient.open(open.port);
  expect(await client.send(get('/')).ended()).not.toMatch(/\r\n0\r\n\r\n$/);
});

test.each(['GET', 'HEAD'])('%s shows a middleware the same body of a file', async (method) => {
  const { server } = portless((app) =>
    app
      .get('/', () => HttpResponse.file(import.meta.filename))
      .use(async (_request, next) => {
        const response = await next();
        response.body = String((await new Response(response.body as ReadableStream).text()).length);
      }),
  );
  expect((await server.fetch('/', { method })).headers.get('content-length')).toBe(
    String(String(readFileSync(import.meta.filename, 'utf8').length).length),
  );
});

test.each(['GET', 'HEAD'])(
  'the length that an app says of the body that GET has is kept for HEAD (%s)',
  async (method) => {
    const { server } = portless((app) =>
      app.get('/', () => 'x'.repeat(12)).head('/', () => new HttpResponse(null, { headers: { 'content-length': 12 } })),
    );
    expect((await server.fetch('/', { method })).headers.get('content-length')).toBe('12');
  },
);

test('a source is told once that nobody waits, and not at all when it ended by itself', async () => {
  let returned = 0;
  const counting = (steps: number): AsyncIterable<string> => {
    let step = 0;
    const iterator = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        await new Promise(setImmediate);
        return step++ < steps ? { done: false, value: 'x' } : { done: true, value: undefined };
      },
      return: async () => {
        returned += 1;
        return { done: true, value: undefined };
      },
    };
    return iterator as AsyncIterable<string>;
  };
  await using open = await openServer((app) =>
    app.get('/whole', () => counting(2)).get('/endless', () => counting(Number.POSITIVE_INFINITY)),
  );
  await using whole = await RawClient.open(open.port);
  expect((await whole.send(get('/whole')).response()).body).toBe('xx');
  expect(returned).toBe(0);
  const client = await RawClient.open(open.port);
  client.send(get('/endless'));
  await client.until(() => client.received.includes('x'), 'a chunk');
  client.reset();
  await expect.poll(() => returned).toBe(1);
  await expect
    .poll(() => open.log.at('debug').filter(({ message }) => message.includes('not sent to its end')))
    .toHaveLength(1);
  expect(returned).toBe(1);
});

test.each([
  ['bytes', (bytes: Uint8Array) => bytes],
  ['a buffer', (bytes: Uint8Array) => bytes.buffer],
  ['a response', (bytes: Uint8Array) => new HttpResponse(bytes)],
])('%s whose memory was given away are a 500, and the connection goes on', async (_what, reply) => {
  await using open = await openServer((app) =>
    app
      .get('/', () => {
        const bytes = new Uint8Array(8);
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        return reply(bytes);
      })
      .get('/next', () => 'next'),
  );
  await using client = await RawClient.open(open.port);
  const [failed, next] = await client.send(get('/') + get('/next')).responses(2);
  expect([failed?.status, next?.body]).toEqual([500, 'next']);
});

test('bytes whose memory is given away after they were returned are a 500 as well', async () => {
  await using open = await openServer((app) =>
    app
      .get('/', () => new Uint8Array(8))
      .get('/next', () => 'next')
      .onResponse((response) => {
        if (response.body instanceof Uint8Array)
          structuredClone(response.body.buffer, { transfer: [response.body.buffer as ArrayBuffer] });
      }),
  );
  await using client = await RawClient.open(open.port);
  const [failed, next] = await client.send(get('/') + get('/next')).responses(2);
  expect([failed?.status, next?.body]).toEqual([500, 'next']);
});

test('an error handler that never answers does not cost the client an answer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { server, log } = portless((app) => app.error(() => new Promise(() => undefined)));
    const answer = server.fetch('/none');
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await answer).status).toBe(500);
    expect(log.at('error').map(({ message }) => message)).toEqual(['The response to an error could not be made.']);
  } finally {
    vi.useRealTimers();
  }
});
