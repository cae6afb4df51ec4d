import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import {
  type FinishedExchange,
  HttpError,
  HttpResponse,
  type HttpServer,
  Router,
  type ServerOptions,
} from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { EventClient } from '../support/event-client.ts';
import { hasOpenssl, makeCertificate } from '../support/make-certificate.ts';
import { type OpenServer, openServer, portless } from '../support/open-server.ts';
import { chunks, get, RawClient, request } from '../support/raw-client.ts';
import { StandInGuest } from '../support/stand-in-guest.ts';
import { TestRouter } from '../support/test-router.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';
import { Watchers } from '../support/watchers.ts';

/** A server with what is finished on it, in order. */
class Observed {
  readonly finished: FinishedExchange[] = [];
  readonly #watchers: Watchers = new Watchers();

  readonly note = (exchange: FinishedExchange): void => this.#watchers.note(() => this.finished.push(exchange));

  async first(count = 1): Promise<readonly FinishedExchange[]> {
    await this.#watchers.until(() => this.finished.length >= count);
    return this.finished;
  }

  open(register: (server: HttpServer) => unknown, options?: ServerOptions): Promise<OpenServer> {
    return openServer((app) => register(app.onFinish(this.note)), options);
  }
}

const LONG = 'x'.repeat(100_000);

function register(app: HttpServer): void {
  app
    .get('/text', () => 'Hello')
    .get('/users/:id', ({ params }) => ({ id: params.id }))
    .get('/long', () => LONG)
    .get('/bytes', () => Buffer.from(LONG))
    .get('/nothing', () => undefined)
    .get('/stream', function* () {
      yield 'one';
      yield 'two';
    })
    .get('/known', () => HttpResponse.stream(['ab'].values(), { headers: { 'content-length': 2 } }))
    .get('/broken', () => {
      throw new Error('secret');
    })
    .get('/refused', () => {
      throw new HttpError(418, 'No coffee.');
    })
    .get('/slow', { handlerTimeoutMs: 5 }, () => new Promise(() => {}))
    .post('/small', { maxBodyBytes: 3 }, async (asked) => asked.text())
    .get('/limited', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'ok')
    .get(/\/any\/.*/, () => 'any')
    .accept('/chat/:room', { upgrade: ({ query }) => (query['no'] === '' ? HttpResponse.problem(401) : undefined) })
    .events('/feed', (stream) => stream.close())
    .mount(
      '/api',
      new Router().get('/', () => 'api').get('/things/:id', () => 'thing'),
    );
}

type Row = readonly [what: string, sends: string, expected: { readonly [Key in keyof FinishedExchange]?: unknown }];

const HANDSHAKE = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version: 13',
];

const ROWS: readonly Row[] = [
  ['text', get('/text?a=1'), { method: 'GET', path: '/text', route: '/text', status: 200 }],
  ['a param', get('/users/7'), { path: '/users/7', route: '/users/:id', status: 200 }],
  ['long text', get('/long'), { status: 200 }],
  ['bytes', get('/bytes'), { status: 200 }],
  ['no content', get('/nothing'), { status: 204 }],
  ['HEAD', request('HEAD', '/text'), { method: 'HEAD', route: '/text', status: 200 }],
  ['a stream', get('/stream'), { route: '/stream', status: 200 }],
  ['a stream of a known length', get('/known'), { status: 200 }],
  ['HTTP/1.0', 'GET /stream HTTP/1.0\r\n\r\n', { status: 200 }],
  ['a RegExp', get('/any/thing'), { route: String(/\/any\/.*/), status: 200 }],
  ['a route of a mounted router', get('/api/things/1'), { route: '/api/things/:id', status: 200 }],
  ['its root', get('/api'), { route: '/api', status: 200 }],
  [
    '404',
    get('/nowhere'),
    { path: '/nowhere', route: undefined, status: 404, error: 'There is nothing at this path.' },
  ],
  ['405', request('PUT', '/text'), { route: undefined, status: 405, error: expect.stringContaining('takes GET') }],
  ['an automatic OPTIONS', request('OPTIONS', '/text'), { route: undefined, status: 204 }],
  ['406', get('/feed'), { route: undefined, status: 406, error: expect.stringContaining('text/event-stream') }],
  ['426', get('/chat/a'), { route: undefined, status: 426, error: expect.stringContaining('WebSocket') }],
  ['a handler that throws', get('/broken'), { route: '/broken', status: 500, error: 'Internal Server Error' }],
  ['an HttpError', get('/refused'), { status: 418, error: 'No coffee.' }],
  ['a deadline', get('/slow'), { route: '/slow', status: 503, error: expect.stringContaining('5 ms') }],
  ['a body that is too large', request('POST', '/small', [], '12345'), { status: 413, error: expect.any(String) }],
  [
    'a refused target',
    get('/a/../b'),
    { method: 'GET', path: '/a/../b', route: undefined, status: 400, error: expect.any(String) },
  ],
  [
    'a handshake of another origin',
    get('/chat/a', ...HANDSHAKE, 'origin: http://evil.example'),
    { kind: 'http', route: '/chat/:room', status: 403, error: expect.any(String) },
  ],
  [
    'a handshake that the app refuses',
    get('/chat/a?no', ...HANDSHAKE),
    { kind: 'http', route: '/chat/:room', status: 401 },
  ],
  [
    'what is no HTTP',
    'BREW\x00 / HTTP/1.1\r\n\r\n',
    { request: undefined, method: undefined, path: undefined, status: 400, error: expect.any(String) },
  ],
  [
    'a head that is too large',
    get('/', `x-large: ${'x'.repeat(70_000)}`),
    { request: undefined, status: 431, error: expect.any(String) },
  ],
  [
    'CONNECT',
    'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n',
    { request: undefined, status: 501, error: expect.any(String) },
  ],
  [
    'HEAD of an event stream',
    request('HEAD', '/feed', ['accept: text/event-stream']),
    { kind: 'http', status: 200, route: '/feed' },
  ],
];

const PLAIN = { kind: 'http', isAborted: false, closeCode: undefined, error: undefined };

function summary({ error, request: asked, ...rest }: FinishedExchange): Record<string, unknown> {
  return { ...rest, request: asked?.method, error: error?.message };
}

describe('an observer hears once of', () => {
  test.each(ROWS)('%s', async (_what, sends, expected) => {
    const observed = new Observed();
    await using open = await observed.open(register);
    await using client = await RawClient.open(open.port);
    client.send(sends).sendFin();
    const text = await client.ended();
    const [exchange] = await observed.first();
    expect(summary(exchange as FinishedExchange)).toMatchObject({ ...PLAIN, ...expected, bytesSent: text.length });
    expect(exchange?.durationMs).toBeGreaterThanOrEqual(0);
    expect(exchange?.durationMs).toBeLessThan(30_000);
    await open.server.shutdown();
    expect(observed.finished).toHaveLength(1);
  });

  test('each 429, whose route is named', async () => {
    const observed = new Observed();
    await using open = await observed.open(register);
    for (let count = 0; count < 4; count++) await fetch(`http://127.0.0.1:${open.port}/limited`);
    const all = await observed.first(4);
    expect(all.map(({ status, route }) => [status, route])).toEqual([
      [200, '/limited'],
      [429, '/limited'],
      [429, '/limited'],
      [429, '/limited'],
    ]);
  });

  test('pipelined requests, each with its own bytes, in the order of their answers', async () => {
    const observed = new Observed();
    await using open = await observed.open(register);
    await using client = await RawClient.open(open.port);
    const paths = ['/text', '/stream', '/users/1', '/bytes', '/nowhere', '/long', '/text'];
    client.send(paths.map((path) => get(path)).join(''));
    const answers = await client.responses(paths.length);
    const all = await observed.first(paths.length);
    expect(all.map(({ path, status }) => [path, status])).toEqual(
      paths.map((path, index) => [path, answers[index]?.status]),
    );
    expect(all.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(client.received.length);
  });

  describe.each([
    ['an answer', (app: HttpServer) => app.post('/early', () => 'early')],
    [
      'an answer that is streamed',
      (app: HttpServer) =>
        app.post('/early', async function* () {
          yield 'ea';
          await new Promise((resolve) => setTimeout(resolve, 20));
          yield 'rly';
        }),
    ],
  ])('%s before the body has come, where', (_what, registerEarly) => {
    const LENGTH = request('POST', '/early', ['content-length: 9']);
    const CHUNKED = request('POST', '/early', ['transfer-encoding: chunked']);
    test.concurrent.each([
      ['the rest does not come', `${LENGTH}half`],
      ['none of it comes', LENGTH],
      ['no chunk comes', CHUNKED],
      ['half a chunk comes', `${CHUNKED}9\r\nhalf`],
      ['its end does not come', `${CHUNKED}${chunks('whole')}`],
      ['more of it comes, and not all', CHUNKED, chunks('more')],
      ['it is malformed', `${CHUNKED}no size\r\n`],
      ['it becomes malformed', CHUNKED, 'no size\r\n'],
    ])('%s', async (_how, sends, rest = '') => {
      for (const leave of ['FIN', 'late', 'reset', 'stop'] as const) {
        const observed = new Observed();
        const short = { requestTimeoutMs: 200, keepAliveTimeoutMs: 200 };
        await using open = await observed.open(registerEarly, leave === 'late' ? short : {});
        await using client = await RawClient.open(open.port);
        client.send(sends);
        const { status, body } = await client.response();
        expect({ status, body }).toEqual({ status: 200, body: 'early' });
        if (rest !== '') client.send(rest);
        if (leave === 'FIN') client.sendFin();
        if (leave === 'reset') client.reset();
        else if (leave !== 'stop') await client.ended();
        await open.server.shutdown();
        await client.ended();
        expect(client.received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
        expect(observed.finished.map(({ status, path, isAborted }) => [status, path, isAborted])).toEqual([
          [200, '/early', false],
        ]);
      }
    });
  });

  test('an answer that is read to its end, though much follows of a body that is malformed', async () => {
    const observed = new Observed();
    const { promise: isSent, resolve: goOn } = deferred();
    await using open = await observed.open((app) =>
      app.post('/early', async function* () {
        yield 'ea';
        await isSent;
        yield 'rly';
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/early', ['transfer-encoding: chunked']));
    await client.until(() => client.received.includes('ea'), 'the first chunk');
    client.socket.pause();
    client.send('no size\r\n');
    // Behind what was sent before.
    await fetch(`http://127.0.0.1:${open.port}/none`);
    goOn();
    await observed.first(2);
    client.send('more of it');
    await fetch(`http://127.0.0.1:${open.port}/none`);
    client.socket.resume();
    expect(await client.ended()).toContain('rly\r\n0\r\n\r\n');
    expect(client.errorCode).toBe(undefined);
  });

  test('two answers, the second before a body that does not come', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) =>
      app.get('/late', () => new Promise((resolve) => setTimeout(resolve, 20, 'late'))).post('/early', () => 'early'),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/late') + request('POST', '/early', ['content-length: 1'])).sendFin();
    await client.ended();
    await open.server.shutdown();
    expect(client.received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(observed.finished.map(({ status, path }) => [status, path])).toEqual([
      [200, '/late'],
      [200, '/early'],
    ]);
  });

  test('a kept connection that has a body in chunks, and one more request', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) => app.post('/', (asked) => asked.text()));
    await using client = await RawClient.open(open.port);
    client.send(`${request('POST', '/', ['transfer-encoding: chunked'])}${chunks('abc')}0\r\n\r\n`);
    await client.responses(1);
    client.send(get('/nowhere'));
    await client.responses(2);
    const all = await observed.first(2);
    expect(all.map(({ status }) => status)).toEqual([200, 404]);
    expect(all.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(client.received.length);
  });

  test('half a head whose time is over', async () => {
    const observed = new Observed();
    await using open = await observed.open(register, { headersTimeoutMs: 20 });
    await using client = await RawClient.open(open.port);
    client.send('GET /text HT');
    const text = await client.ended();
    const [exchange] = await observed.first();
    expect(summary(exchange as FinishedExchange)).toMatchObject({
      ...PLAIN,
      request: undefined,
      status: 408,
      bytesSent: text.length,
      error: expect.any(String) as unknown,
    });
  });

  test('a client that leaves before its answer, whatever the handler does', async () => {
    const observed = new Observed();
    const begun = deferred();
    await using open = await observed.open((app) =>
      app.get('/never', () => {
        begun.resolve();
        return new Promise(() => {});
      }),
    );
    const client = await RawClient.open(open.port);
    client.send(get('/never'));
    await begun.promise;
    client.reset();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({
      kind: 'http',
      path: '/never',
      route: '/never',
      status: undefined,
      bytesSent: 0,
      isAborted: true,
      error: { code: 'ERR_PORTLIGHT_CLIENT_GONE' },
    });
    await open.server.shutdown({ timeoutMs: 0 });
    expect(observed.finished).toHaveLength(1);
  });

  test('a client that leaves in the middle of its answer', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) => app.get('/', () => Buffer.alloc(50_000_000)));
    const client = await RawClient.open(open.port);
    client.send(get('/'));
    await client.until(() => client.received.length > 0, 'the first bytes');
    client.socket.pause();
    client.reset();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ status: 200, isAborted: true, error: { code: 'ERR_PORTLIGHT_CLIENT_GONE' } });
    expect(exchange?.bytesSent).toBeGreaterThanOrEqual(client.received.length);
    expect(exchange?.bytesSent).toBeLessThan(50_000_000);
  });

  test('a client that leaves between two chunks', async () => {
    const observed = new Observed();
    const { promise: isGone, resolve: goOn } = deferred();
    await using open = await observed.open((app) =>
      app.get('/', async function* () {
        yield 'x'.repeat(1_000);
        await isGone;
        // Until one of them cannot be written.
        for (;;) yield 'x'.repeat(1_000);
      }),
    );
    const client = await RawClient.open(open.port);
    client.send(get('/'));
    await client.until(() => client.received.length > 1_000, 'the first chunk');
    await client[Symbol.asyncDispose]();
    goOn();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ status: 200, isAborted: true });
    expect(exchange?.bytesSent).toBeGreaterThanOrEqual(client.received.length);
  });

  test('a client that takes its time', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) => app.get('/', () => Buffer.alloc(20_000_000)));
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/', 'connection: close'));
    await open.server.fetch('/');
    expect(observed.finished.map(({ bytesSent }) => bytesSent)).toEqual([0]);
    client.socket.resume();
    await client.ended();
    const [, exchange] = await observed.first(2);
    expect(exchange).toMatchObject({ isAborted: false, bytesSent: client.received.length });
  });

  test('a stream that fails', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) =>
      app.get('/', async function* () {
        yield 'part';
        await new Promise(setImmediate);
        throw new Error('secret');
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    const text = await client.ended();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ status: 200, isAborted: true, error: { message: 'secret' } });
    expect(exchange?.bytesSent).toBe(text.length);
  });

  test('what a stop cuts', async () => {
    const observed = new Observed();
    const begun = deferred();
    await using open = await observed.open((app) =>
      app.get('/', () => {
        begun.resolve();
        return new Promise(() => {});
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await begun.promise;
    await open.server.shutdown({ timeoutMs: 1 });
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ status: undefined, isAborted: true, error: { name: 'AbortError' } });
    expect(observed.finished).toHaveLength(1);
  });

  test('a WebSocket when it is closed, with its code and its bytes', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) => app.accept('/chat/:room', (message) => message));
    await using client = new WebSocketClient(open.port, '/chat/a');
    await once(client.websocket, 'open');
    client.send('hello');
    await once(client.websocket, 'message');
    expect(observed.finished).toEqual([]);
    client.websocket.close(4_001, 'bye');
    const [exchange] = await observed.first();
    expect(summary(exchange as FinishedExchange)).toMatchObject({
      kind: 'websocket',
      method: 'GET',
      path: '/chat/a',
      route: '/chat/:room',
      status: 101,
      isAborted: false,
      closeCode: 4_001,
      error: undefined,
    });
    // The head, a frame of five bytes, and the close frame with its code.
    expect(exchange?.bytesSent).toBeGreaterThan(7 + 5 + 100);
    await open.server.shutdown();
    expect(observed.finished).toHaveLength(1);
  });

  test('a WebSocket that went without a word, and one that a stop has closed', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) => app.accept('/', (message) => message));
    await using gone = new WebSocketClient(open.port, '/');
    await once(gone.websocket, 'open');
    gone.websocket.terminate();
    const [lost] = await observed.first();
    expect(lost).toMatchObject({ kind: 'websocket', status: 101, isAborted: true, closeCode: 1_006 });
    await using stays = new WebSocketClient(open.port, '/');
    await once(stays.websocket, 'open');
    await open.server.shutdown();
    const [, stopped] = await observed.first(2);
    expect(stopped).toMatchObject({ kind: 'websocket', isAborted: false, closeCode: 1_001 });
  });

  test('an event stream when it ends, by either side', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) =>
      app
        .events('/closed', (stream) => {
          stream.send({ data: 'x' });
          stream.close();
        })
        .events('/open', () => undefined),
    );
    await using closed = await EventClient.open(open.port, '/closed');
    await closed.end();
    const [first] = await observed.first();
    expect(first).toMatchObject({ kind: 'events', route: '/closed', status: 200, isAborted: false });
    expect(first?.bytesSent).toBeGreaterThan(closed.text.length);
    const left = await EventClient.open(open.port, '/open');
    expect(observed.finished).toHaveLength(1);
    await left[Symbol.asyncDispose]();
    const [, second] = await observed.first(2);
    expect(second).toMatchObject({ kind: 'events', status: 200, isAborted: true });
  });

  test.each<[string, (stream: unknown) => unknown]>([
    [
      'source',
      async function* () {
        yield { data: 'x' };
        throw new Error('failed');
      },
    ],
    ['handler', () => Promise.reject(new Error('failed'))],
  ])('an event stream whose %s fails, which ends in order', async (_what, handler) => {
    const observed = new Observed();
    await using open = await observed.open((app) => app.events('/feed', handler as () => undefined));
    await using feed = await EventClient.open(open.port, '/feed');
    await feed.end();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ kind: 'events', status: 200, isAborted: false, error: { message: 'failed' } });
  });

  test('what a guest on the port drops while its body comes', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) =>
      app.mount('/', new TestRouter().guest('/guest/*rest', new StandInGuest())),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/guest/drops', ['content-length: 10']) + '4');
    await client.ended();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ kind: 'http', status: undefined, isAborted: true });
  });

  test('what a guest on the port has answered', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) =>
      app.mount('/', new TestRouter().guest('/guest/*rest', new StandInGuest())),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/guest/a'));
    await client.response();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ kind: 'http', route: '/guest/*rest', status: 201, isAborted: false });
    expect(exchange?.bytesSent).toBe(client.received.length);
  });

  test('a guest that has spoken another protocol, when its connection ends', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) =>
      app.mount('/', new TestRouter().guest('/guest/*rest', new StandInGuest())),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/guest/a', 'connection: Upgrade', 'upgrade: echo'));
    await client.until(() => client.received.includes('101'), 'the upgrade');
    client.sendFin();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ kind: 'websocket', status: 101, isAborted: false, closeCode: undefined });
  });

  test('what is refused alike for all, where nobody reads the log', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) => register(app.debug(false)));
    for (const [path, method] of [
      ['/nowhere', 'GET'],
      ['/text', 'PUT'],
    ] as const)
      await fetch(`http://127.0.0.1:${open.port}${path}`, { method });
    expect((await observed.first(2)).map(({ error }) => error?.message)).toEqual([
      'There is nothing at this path.',
      'This path takes GET, HEAD, OPTIONS.',
    ]);
  });

  test.skipIf(!hasOpenssl())('what is sent behind TLS, by the bytes of the answer', async () => {
    const observed = new Observed();
    await using open = await observed.open(register, { tls: await makeCertificate('localhost') });
    const socket = connectTls({ port: open.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(get('/long', 'connection: close'));
    let bytes = 0;
    for await (const chunk of socket) bytes += (chunk as Buffer).byteLength;
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ status: 200, isAborted: false, bytesSent: bytes });
  });

  test.skipIf(!hasOpenssl())('a client behind TLS that leaves in the middle of its answer', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) => app.get('/', () => Buffer.alloc(20_000_000)), {
      tls: await makeCertificate('localhost'),
    });
    const socket = connectTls({ port: open.port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > 1_000_000) socket.destroy();
    });
    socket.write(get('/'));
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ status: 200, isAborted: true, error: { code: 'ERR_PORTLIGHT_CLIENT_GONE' } });
    expect(exchange?.bytesSent).toBeGreaterThanOrEqual(bytes);
    expect(exchange?.bytesSent).toBeLessThan(20_000_000);
  });

  test.skipIf(!hasOpenssl())('a source that fails with its chunk, behind TLS', async () => {
    const observed = new Observed();
    const source = async function* (): AsyncGenerator<string> {
      yield 'chunk';
      throw new Error('failed');
    };
    await using open = await observed.open((app) => app.get('/', source), { tls: await makeCertificate('localhost') });
    const socket = connectTls({ port: open.port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', () => {}).write(get('/'));
    let bytes = 0;
    for await (const chunk of socket) bytes += (chunk as Buffer).byteLength;
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ status: 200, isAborted: true, bytesSent: bytes, error: { message: 'failed' } });
  });

  test('nothing of what comes behind the last request', async () => {
    const observed = new Observed();
    await using open = await observed.open(register);
    await using client = await RawClient.open(open.port);
    client.send(get('/text', 'connection: close') + get('/text'));
    await client.ended();
    await observed.first();
    await open.server.shutdown();
    expect(observed.finished.map(({ path, status }) => [path, status])).toEqual([['/text', 200]]);
  });

  test('a WebSocket that was closed for what its client has sent', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) =>
      app.websocket({ maxPayloadBytes: 10 }).accept('/', () => undefined),
    );
    await using client = new WebSocketClient(open.port, '/');
    await once(client.websocket, 'open');
    client.send('x'.repeat(100));
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ kind: 'websocket', closeCode: 1_009, isAborted: false });
  });

  test('a client that a stop has cut while it did not take its answer', async () => {
    const observed = new Observed();
    await using open = await observed.open((app) => app.get('/', () => Buffer.alloc(20_000_000)));
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/'));
    await expect.poll(() => client.socket.bytesWritten > 0 && open.server.isConnected()).toBe(true);
    await open.server.fetch('/');
    await open.server.shutdown({ timeoutMs: 50 });
    const [, exchange] = await observed.first(2);
    expect(exchange).toMatchObject({ isAborted: true, error: { code: 'ERR_PORTLIGHT_DRAIN_DEADLINE' } });
  });

  test('a response without a port that nobody reads to its end', async () => {
    const observed = new Observed();
    const { server } = portless((app) => register(app.onFinish(observed.note)));
    await (await server.fetch('/stream')).body?.cancel();
    const [exchange] = await observed.first();
    expect(exchange).toMatchObject({ status: 200, isAborted: true, error: { code: 'ERR_PORTLIGHT_CLIENT_GONE' } });
  });

  test('a request without a port', async () => {
    const observed = new Observed();
    const { server } = portless((app) => register(app.onFinish(observed.note)));
    await (await server.fetch('/users/7')).text();
    await server.fetch('/broken');
    const all = await observed.first(2);
    expect(all.map(({ route, status, error }) => [route, status, error?.message])).toEqual([
      ['/users/:id', 200, undefined],
      ['/broken', 500, 'Internal Server Error'],
    ]);
  });
});

describe('observers', () => {
  test('of a mounted router hear of its own routes, before those around it', async () => {
    const heard: string[] = [];
    const note =
      (who: string) =>
      ({ path, status }: FinishedExchange): void =>
        void heard.push(`${who} ${path} ${status}`);
    const inner = new Router().get('/', () => 'in').onFinish(note('inner'));
    const { server } = portless((app) =>
      app
        .get('/', () => 'out')
        .mount('/in', inner)
        .onFinish(note('first'))
        .onFinish(note('second')),
    );
    for (const path of ['/', '/in', '/in/nowhere']) await server.fetch(path);
    await server.fetch('/in', { method: 'PUT' });
    expect(heard).toEqual([
      'first / 200',
      'second / 200',
      'inner /in 200',
      'first /in 200',
      'second /in 200',
      'first /in/nowhere 404',
      'second /in/nowhere 404',
      'inner /in 405',
      'first /in 405',
      'second /in 405',
    ]);
  });

  test('that fail are reported, and the others hear of it all the same', async () => {
    let heard = 0;
    const { server, log } = portless((app) =>
      app
        .get('/', () => 'x')
        .onFinish(() => {
          throw new Error('one');
        })
        .onFinish(() => Promise.reject(new Error('two')) as never)
        .onFinish(() => void heard++),
    );
    await server.fetch('/');
    await new Promise(setImmediate);
    expect([heard, log.at('error').map(({ fields }) => (fields['err'] as Error).message)]).toEqual([1, ['one', 'two']]);
  });

  test('are functions', () => {
    expect(() => new Router().onFinish('log' as never)).toThrow('onFinish needs an observer, a function, not string.');
  });
});
