import { randomBytes } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { createGzip, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type BodyStream,
  type HttpRequest,
  HttpResponse,
  type HttpServer,
  type RequestShape,
} from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';
import { TempFolder } from '../support/temp-folder.ts';

const TEXT = 'the whole body, as it was returned; '.repeat(5_000);
let folder: TempFolder;

beforeAll(async () => {
  folder = await TempFolder.create();
  await folder.write('text.txt', TEXT);
});

afterAll(() => folder[Symbol.asyncDispose]());

type Body = HttpResponse['body'];

const SOURCES: Readonly<Record<string, () => unknown>> = {
  *'a generator'() {
    for (let at = 0; at < TEXT.length; at += 1_000) yield TEXT.slice(at, at + 1_000);
  },
  async *'an async generator'() {
    for (let at = 0; at < TEXT.length; at += 1_000) yield Buffer.from(TEXT.slice(at, at + 1_000));
  },
  'a web stream': () => new Blob([TEXT]).stream(),
  'a Readable': () => Readable.from([TEXT]),
  'a Blob': () => new Blob([TEXT]),
  'a Response': () => new Response(TEXT),
  'a file': () => HttpResponse.file(folder.at('text.txt')),
  'a stream of known length': () => HttpResponse.stream([TEXT].values(), { headers: { 'x-length': TEXT.length } }),
};

/** How an app makes a body of another; each ends as the text again. */
const WAYS: Readonly<Record<string, readonly [wrap: (body: Body) => unknown, read: (bytes: Uint8Array) => string]>> = {
  'an async generator': [
    async function* (body) {
      for await (const chunk of body as ReadableStream<Uint8Array>) yield chunk;
    },
    toText,
  ],
  'a Readable of it': [(body) => Readable.from(body as ReadableStream<Uint8Array>), toText],
  'Readable.fromWeb': [(body) => Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), toText],
  'gzip of Node': [
    (body) => Readable.from(body as ReadableStream<Uint8Array>).pipe(createGzip()),
    (bytes) => toText(gunzipSync(bytes)),
  ],
  'a Transform': [
    (body) =>
      Readable.from(body as ReadableStream<Uint8Array>).pipe(
        new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) }),
      ),
    toText,
  ],
  'a CompressionStream': [
    (body) => (body as ReadableStream<Uint8Array>).pipeThrough(new CompressionStream('gzip')),
    (bytes) => toText(gunzipSync(bytes)),
  ],
  'a Response of it': [(body) => new Response(body as ReadableStream<Uint8Array>).body, toText],
};

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

const PLACES: Readonly<Record<string, (app: HttpServer, wrap: (body: Body) => unknown) => unknown>> = {
  'a middleware that returns another response': (app, wrap) =>
    app.use(async (_request, next) => {
      const response = await next();
      return HttpResponse.stream(wrap(response.body) as Readable, {
        status: response.status,
        headers: response.headers,
      });
    }),
  'a middleware that assigns it': (app, wrap) =>
    app.use(async (_request, next) => {
      const response = await next();
      response.body = wrap(response.body) as Readable;
      return response;
    }),
  'a middleware that assigns it and looks away': (app, wrap) =>
    app.use(async (_request, next) => {
      const response = await next();
      response.body = wrap(response.body) as Readable;
    }),
  'an interceptor that returns another response': (app, wrap) =>
    app.onResponse((response) => HttpResponse.stream(wrap(response.body) as Readable)),
  'an interceptor that assigns it': (app, wrap) =>
    app.onResponse((response) => {
      response.body = wrap(response.body) as Readable;
    }),
};

describe.each(Object.entries(SOURCES))('%s', (_source, reply) => {
  test.each(
    Object.entries(WAYS).flatMap(([way, [wrap, read]]) =>
      Object.entries(PLACES).map(([place, register]) => [way, place, wrap, read, register] as const),
    ),
  )('comes whole through %s in %s', async (_way, _place, wrap, read, register) => {
    const { server, log } = portless((app) => register(app.get('/', reply), wrap));
    const response = await server.fetch('/');
    expect(response.status).toBe(200);
    expect(read(new Uint8Array(await response.arrayBuffer()))).toBe(TEXT);
    expect(log.at('error')).toEqual([]);
  });

  test('comes whole over a socket through a body made of it, without the length it had', async () => {
    const [wrap] = WAYS['gzip of Node'] as (typeof WAYS)[string];
    await using open = await openServer((app) =>
      (PLACES['a middleware that assigns it'] as (typeof PLACES)[string])(app.get('/', reply), wrap),
    );
    await using client = await RawClient.open(open.port);
    const [first, second] = await client.send(get('/') + get('/')).responses(2);
    for (const response of [first, second]) {
      expect(response?.headers.get('content-length')).toBe(undefined);
      expect(toText(gunzipSync(Buffer.from(response?.body ?? '', 'latin1')))).toBe(TEXT);
    }
  });

  test('comes whole when a middleware only looks at its body', async () => {
    await using open = await openServer((app) =>
      app.get('/', reply).use(async (_request, next) => {
        const response = await next();
        expect(response.body).toBeInstanceOf(ReadableStream);
        return response;
      }),
    );
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/')).response()).body).toBe(TEXT);
  });
});

const FAILING_PLACES = Object.entries(PLACES).filter(
  ([place]) => place !== 'an interceptor that returns another response',
);

test.each(FAILING_PLACES)(
  'what fails in a body made of another before its first chunk is a 500, in %s',
  async (_place, register) => {
    const wrap = (): BodyStream => new ReadableStream({ pull: (controller) => controller.error(new Error('secret')) });
    const { server, log } = portless((app) =>
      register(
        app.get('/', () => Readable.from([TEXT])),
        wrap,
      ),
    );
    const response = await server.fetch('/');
    expect([response.status, (await response.text()).includes('secret')]).toEqual([500, false]);
    expect(log.at('error').length).toBeGreaterThan(0);
  },
);

test('an interceptor whose response fails before its first chunk is passed over', async () => {
  const { server, log } = portless((app) =>
    app
      .get('/', () => Readable.from([TEXT]))
      .onResponse((response) => {
        expect(response.body).toBeInstanceOf(ReadableStream);
        return HttpResponse.stream(new ReadableStream({ pull: (controller) => controller.error(new Error('secret')) }));
      }),
  );
  expect(await (await server.fetch('/')).text()).toBe(TEXT);
  expect(log.at('error')).toHaveLength(1);
});

test('a body that was read before it is sent is a 500, and not an empty answer', async () => {
  const { server, log } = portless((app) =>
    app
      .get('/', () => Readable.from([TEXT]))
      .use(async (_request, next) => {
        const response = await next();
        await new Response(response.body as ReadableStream).text();
        return response;
      }),
  );
  expect((await server.fetch('/')).status).toBe(500);
  expect(log.at('error')).toHaveLength(1);
});

test.each(['a middleware that returns another response', 'a middleware that assigns it'])(
  'the source of a body ends when the one made of it is given up, in %s',
  async (place) => {
    const told = deferred();
    const source = (): ReadableStream =>
      new ReadableStream({
        pull: async (controller) => {
          await new Promise(setImmediate);
          controller.enqueue('x'.repeat(1_000));
        },
        cancel: () => told.resolve(),
      });
    const wrap = async function* (body: Body): AsyncGenerator {
      for await (const chunk of body as ReadableStream<Uint8Array>) yield chunk;
    };
    await using open = await openServer((app) =>
      (PLACES[place] as (typeof PLACES)[string])(app.get('/', source), wrap),
    );
    const client = await RawClient.open(open.port);
    client.send(get('/'));
    await client.until(() => client.received.length > 10_000, 'some chunks');
    client.reset();
    await told.promise;
  },
);

/** Ways whose streams of Node hear no errors: one that came to them would end the process. */
const UNHEARD: Readonly<Record<string, (body: Body) => BodyStream>> = {
  'Readable.fromWeb and a pipe': (body) =>
    Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]).pipe(createGzip()),
  'Readable.from and a pipe': (body) => Readable.from(body as ReadableStream<Uint8Array>).pipe(createGzip()),
};

describe.each(Object.entries(UNHEARD))('a body made by %s does not end the process', (_way, wrap) => {
  const endless = async function* (): AsyncGenerator<string> {
    for (;;) {
      await new Promise(setImmediate);
      yield crypto.randomUUID().repeat(1_000);
    }
  };
  const failing = async function* (): AsyncGenerator<string> {
    for (let index = 0; index < 2_000; index++) yield randomBytes(1_000).toString('hex');
    await new Promise(setImmediate);
    throw new Error('late');
  };
  const wrapped = (app: HttpServer): HttpServer =>
    app.use(async (_request, next) => HttpResponse.stream(wrap((await next()).body)));

  test.each(Object.entries(SOURCES))('when HEAD asks for %s', async (_source, reply) => {
    await using open = await openServer((app) => wrapped(app).get('/', reply));
    await using client = await RawClient.open(open.port);
    client.send(get('/').replace('GET', 'HEAD') + get('/', 'connection: close'));
    expect((await client.responses(2, [0])).map(({ status }) => status)).toEqual([200, 200]);
  });

  test('when the client leaves', async () => {
    await using open = await openServer((app) => wrapped(app).get('/', endless));
    const client = await RawClient.open(open.port);
    client.send(get('/'));
    await client.until(() => client.received.length > 1_000, 'some chunks');
    client.reset();
    await expect
      .poll(() => open.log.at('debug').some(({ message }) => message.includes('not sent to its end')))
      .toBe(true);
  });

  test('when its source fails late, and the response is cut', async () => {
    await using open = await openServer((app) => wrapped(app).get('/', failing));
    await using client = await RawClient.open(open.port);
    const text = await client.send(get('/')).ended();
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(open.log.at('error')).toHaveLength(1);
  });

  test.each([
    ['text', () => 'other'],
    ['a 304', () => new HttpResponse(null, { status: 304 })],
  ])('when %s is sent in its place', async (_what, other) => {
    const { server } = portless((app) =>
      app.get('/', endless).use(async (_request, next) => {
        wrap((await next()).body);
        return other();
      }),
    );
    await (await server.fetch('/')).text();
    await new Promise(setImmediate);
  });
});

test('a middleware that reads the body of a client that leaves is told that it is not whole', async () => {
  const outcome = deferred<unknown>();
  const begun = deferred();
  const source = (): ReadableStream =>
    new ReadableStream({
      pull: async (controller) => {
        await new Promise(setImmediate);
        controller.enqueue('x');
        begun.resolve();
      },
    });
  await using open = await openServer((app) =>
    app.get('/', source).use(async (_request, next) => {
      await new Response((await next()).body as ReadableStream).text().then(outcome.resolve, outcome.resolve);
      return 'read';
    }),
  );
  const client = await RawClient.open(open.port);
  client.send(get('/'));
  await begun.promise;
  client.reset();
  expect(await outcome.promise).toBeInstanceOf(Error);
});

test('a silent body made of a source that goes on is ended for a client that has closed its side', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  try {
    const [told, aborted] = [deferred(), deferred()];
    const source = (request: HttpRequest<RequestShape>): ReadableStream => {
      request.signal.addEventListener('abort', () => aborted.resolve());
      return new ReadableStream({
        pull: async (controller) => {
          await new Promise(setImmediate);
          controller.enqueue('x');
        },
        cancel: () => told.resolve(),
      });
    };
    const silent = async function* (body: Body): AsyncGenerator<string> {
      for await (const chunk of body as ReadableStream<Uint8Array>) if (chunk.length > 1) yield 'never';
    };
    await using open = await openServer((app) =>
      app.get('/', source).use(async (_request, next) => HttpResponse.stream(silent((await next()).body))),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/')).sendFin();
    await aborted.promise;
    for (let second = 0; second < 8; second++) {
      vi.advanceTimersByTime(1_000);
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    }
    await told.promise;
  } finally {
    vi.useRealTimers();
  }
});

test('the source of a body that nobody made anything of ends with the response in its place', async () => {
  const told = deferred();
  const source = (): ReadableStream =>
    new ReadableStream({ pull: (controller) => controller.enqueue('x'), cancel: () => told.resolve() });
  const { server } = portless((app) =>
    app.get('/', source).use(async (_request, next) => {
      const { body } = await next();
      return body instanceof ReadableStream ? 'a stream' : 'none';
    }),
  );
  expect(await (await server.fetch('/')).text()).toBe('a stream');
  await told.promise;
});

test.each([
  ['text', 'text', '4'],
  ['bytes', new Uint8Array(3), '3'],
  ['nothing', null, '0'],
  ['a stream', () => ['some'].values(), null],
])('%s in the place of a file has its own length', async (_what, body, length) => {
  const { server } = portless((app) =>
    app
      .get('/', () => HttpResponse.file(folder.at('text.txt')))
      .use(async (_request, next) => {
        const response = await next();
        response.body = typeof body === 'function' ? body() : body;
      }),
  );
  expect((await server.fetch('/')).headers.get('content-length')).toBe(length);
});

test('what is no body cannot be assigned', async () => {
  const { server, log } = portless((app) =>
    app
      .get('/', () => 'x')
      .onResponse((response) => {
        (response as { body: unknown }).body = 5;
      }),
  );
  expect(await (await server.fetch('/')).text()).toBe('x');
  expect(log.at('error')).toHaveLength(1);
  expect(() => ((HttpResponse.text('x') as { body: unknown }).body = { a: 1 })).toThrow('HttpResponse.json');
});

test('what an interceptor sets itself stands when it returns another text', async () => {
  const { server } = portless((app) =>
    app
      .get('/', () => HttpResponse.text('x', { headers: { etag: '"old"', 'content-encoding': 'gzip' } }))
      .get('/kept', () => HttpResponse.text('x', { headers: { etag: '"old"', 'content-encoding': 'gzip' } }))
      .onResponse((response, request) => {
        if (request?.path === '/') response.header('content-encoding', 'gzip').header('etag', '"new"');
        return 'other';
      }),
  );
  const [set, kept] = [await server.fetch('/'), await server.fetch('/kept')];
  expect([set.headers.get('etag'), set.headers.get('content-encoding')]).toEqual(['"new"', 'gzip']);
  expect([kept.headers.get('etag'), kept.headers.get('content-encoding')]).toEqual([null, null]);
});
