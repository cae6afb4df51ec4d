import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpServer, HttpResponse, type ServerOptions } from 'portlight';
import { deferred } from '../../packages/portlight/test/support/deferred.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { FrameClient, HANDSHAKE } from './frame-client.ts';
import { type Lane, LANES } from './lanes.ts';
import { CLOSE, closeBody, frame, TEXT } from './web-socket-frames.ts';
import { cpuTimeMs } from '../../packages/portlight/test/support/cpu-time.ts';

const [CONNECTION = '', UPGRADE = '', KEY = '', VERSION = ''] = HANDSHAKE;
const plain = (line: string, ...lines: readonly string[]): string => [line, ...lines, '', ''].join('\r\n');
const accepted = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

function register(server: HttpServer): HttpServer {
  return server
    .accept('/', (message) => message)
    .accept('/both', (message) => message)
    .get('/both', () => 'page')
    .get('/page', () => 'page')
    .post('/page', (incoming) => incoming.text())
    .get('/broken', () => {
      throw new Error('broken');
    });
}

const openApp = (lane: Lane, options: ServerOptions = {}): Promise<OpenServer> =>
  openServer(register, { ...lane.options, ...options });

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(() => resolve()));

/** The status of what came for a handshake, and whether the connection works as it says. */
async function statusOf(port: number, bytes: string): Promise<number> {
  await using client = await RawClient.open(port);
  client.send(bytes);
  await client.until(() => client.received.includes('\r\n\r\n') || client.isClosed, 'a head');
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(client.received)?.[1]);
}

describe.each(LANES)('RFC 6455 §4 on the lane $name', (lane) => {
  let open: OpenServer | undefined;
  const port = (): number => open?.port ?? 0;
  beforeAll(async () => {
    open = await openApp(lane);
  });
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]();
  });

  test('§4.2.2 the answer says what it has to, and nothing of a body', async () => {
    await using client = await FrameClient.open(port());
    expect(client.head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(client.head.match(/^upgrade: websocket\r$/gim)).toHaveLength(1);
    expect(client.head.match(/^connection: upgrade\r$/gim)).toHaveLength(1);
    expect(client.head).toContain('\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    expect(client.head).not.toMatch(
      /^(content-length|transfer-encoding|sec-websocket-extensions|sec-websocket-protocol):/im,
    );
  });

  test.each(['AAAAAAAAAAAAAAAAAAAAAA==', '/+/+/+/+/+/+/+/+/+/+/w==', 'x3JJHMbDL1EzLkh9GBhXDw=='])(
    '§4.2.2 the key %s has its answer',
    async (key) => {
      await using client = await FrameClient.upgrade(
        await RawClient.open(port()),
        get('/', CONNECTION, UPGRADE, VERSION, `sec-websocket-key: ${key}`),
      );
      expect(client.head).toContain(`\r\nSec-WebSocket-Accept: ${accepted(key)}\r\n`);
    },
  );

  test.each<[string, readonly string[], number]>([
    ['as it should be', HANDSHAKE, 101],
    ['names in capitals', HANDSHAKE.map((line) => line.replace(/^[^:]*/, (name) => name.toUpperCase())), 101],
    ['upgrade: WEBSOCKET', [CONNECTION, 'upgrade: WEBSOCKET', KEY, VERSION], 101],
    ['connection: UPGRADE', ['connection: UPGRADE', UPGRADE, KEY, VERSION], 101],
    ['connection: keep-alive, Upgrade', ['connection: keep-alive, Upgrade', UPGRADE, KEY, VERSION], 101],
    ['connection: Upgrade,keep-alive', ['connection: Upgrade,keep-alive', UPGRADE, KEY, VERSION], 101],
    ['an empty element in Connection', ['connection: ,  Upgrade ,', UPGRADE, KEY, VERSION], 101],
    ['Connection in two lines', ['connection: keep-alive', 'connection: Upgrade', UPGRADE, KEY, VERSION], 101],
    ['the lines in another order', [VERSION, KEY, UPGRADE, CONNECTION], 101],
    ['space around the values', HANDSHAKE.map((line) => `${line.replace(': ', ':\t ')} `), 101],
    ['a Content-Length of 0', [...HANDSHAKE, 'content-length: 0'], 101],
    ['an extension nobody knows', [...HANDSHAKE, 'sec-websocket-extensions: x-new; a=1, permessage-deflate'], 101],
    ['a protocol nobody chooses', [...HANDSHAKE, 'sec-websocket-protocol: chat, superchat'], 101],
    ['Expect: 100-continue and no body', [...HANDSHAKE, 'expect: 100-continue'], 101],
    ['99 header lines', [...HANDSHAKE, ...Array.from({ length: 94 }, (_, index) => `x-${index}: a`)], 101],
    ['101 header lines', [...HANDSHAKE, ...Array.from({ length: 96 }, (_, index) => `x-${index}: a`)], 431],
    ['no Connection', [UPGRADE, KEY, VERSION], 426],
    ['a Connection without the option', ['connection: keep-alive, Upgraded', UPGRADE, KEY, VERSION], 426],
    ['no Upgrade', [CONNECTION, KEY, VERSION], 426],
    ['an empty Upgrade', [CONNECTION, 'upgrade:', KEY, VERSION], 426],
    ['upgrade: websockets', [CONNECTION, 'upgrade: websockets', KEY, VERSION], 426],
    ['no key', [CONNECTION, UPGRADE, VERSION], 400],
    ['an empty key', [CONNECTION, UPGRADE, VERSION, 'sec-websocket-key:'], 400],
    [
      'a key of 15 bytes',
      [CONNECTION, UPGRADE, VERSION, `sec-websocket-key: ${Buffer.alloc(15, 1).toString('base64')}`],
      400,
    ],
    [
      'a key of 17 bytes',
      [CONNECTION, UPGRADE, VERSION, `sec-websocket-key: ${Buffer.alloc(17, 1).toString('base64')}`],
      400,
    ],
    [
      'a key with bytes beyond ASCII',
      [CONNECTION, UPGRADE, VERSION, 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ\xe9\xe9'],
      400,
    ],
    ['the key twice', [...HANDSHAKE, KEY], 400],
    ['no version', [CONNECTION, UPGRADE, KEY], 426],
    ['version 12', [CONNECTION, UPGRADE, KEY, 'sec-websocket-version: 12'], 426],
    ['version 8', [CONNECTION, UPGRADE, KEY, 'sec-websocket-version: 8'], 426],
    ['version 13, 8', [CONNECTION, UPGRADE, KEY, 'sec-websocket-version: 13, 8'], 426],
    ['version 013', [CONNECTION, UPGRADE, KEY, 'sec-websocket-version: 013'], 426],
    ['the version twice', [...HANDSHAKE, VERSION], 426],
    ['an unknown expectation', [...HANDSHAKE, 'expect: more'], 417],
    ['a body', [...HANDSHAKE, 'content-length: 2'], 426],
    ['a chunked body', [...HANDSHAKE, 'transfer-encoding: chunked'], 426],
    ['a Host twice', [...HANDSHAKE, 'host: other'], 400],
    ['a protocol list that is none', [...HANDSHAKE, 'sec-websocket-protocol: a,,b'], 400],
    ['a protocol twice', [...HANDSHAKE, 'sec-websocket-protocol: a, a'], 400],
    ['a protocol beyond ASCII', [...HANDSHAKE, 'sec-websocket-protocol: \xe9'], 400],
  ])('§4.2.1 %s', async (_what, lines, status) => {
    expect(await statusOf(port(), get('/', ...lines))).toBe(status);
  });

  test('§4.2.1 a long list of protocols that is none costs no time', async () => {
    const startedAt = cpuTimeMs();
    expect(await statusOf(port(), get('/', ...HANDSHAKE, `sec-websocket-protocol: a${' '.repeat(15_000)}a`))).toBe(400);
    expect(cpuTimeMs() - startedAt).toBeLessThan(1_000);
  });

  test('§4.2.1 several faults are told in the order of the RFC: Upgrade, key, version, origin', async () => {
    const badKey = 'sec-websocket-key: short';
    const badVersion = 'sec-websocket-version: 12';
    const badOrigin = 'origin: https://evil.example';
    expect(await statusOf(port(), get('/', CONNECTION, 'upgrade: other', badKey, badVersion, badOrigin))).toBe(426);
    expect(await statusOf(port(), get('/', CONNECTION, UPGRADE, badKey, badVersion, badOrigin))).toBe(400);
    expect(await statusOf(port(), get('/', CONNECTION, UPGRADE, KEY, badVersion, badOrigin))).toBe(426);
    expect(await statusOf(port(), get('/', ...HANDSHAKE, badOrigin))).toBe(403);
  });

  test('§4.4 a refused version is told the right one', async () => {
    await using client = await RawClient.open(port());
    const response = await client.send(get('/', CONNECTION, UPGRADE, KEY, 'sec-websocket-version: 12')).response();
    expect([response.status, response.headers.get('sec-websocket-version'), response.headers.get('upgrade')]).toEqual([
      426,
      '13',
      'websocket',
    ]);
  });

  test.each(['websocket, foo', 'foo, websocket', 'h2c, websocket'])(
    'RFC 9110 §7.8 of the offers %s the server takes one that it knows, or none',
    async (offers) => {
      expect([101, 200]).toContain(
        await statusOf(port(), get('/both', CONNECTION, `upgrade: ${offers}`, KEY, VERSION)),
      );
      expect([101, 426]).toContain(await statusOf(port(), get('/', CONNECTION, `upgrade: ${offers}`, KEY, VERSION)));
    },
  );

  test.each<[string, string, number]>([
    ['POST', plain('POST / HTTP/1.1', 'host: test', ...HANDSHAKE), 405],
    ['HEAD', plain('HEAD / HTTP/1.1', 'host: test', ...HANDSHAKE), 426],
    ['OPTIONS', plain('OPTIONS / HTTP/1.1', 'host: test', ...HANDSHAKE), 204],
    ['HTTP/1.0', plain('GET / HTTP/1.0', 'host: test', ...HANDSHAKE), 426],
    ['HTTP/1.0 on a path with a page', plain('GET /both HTTP/1.0', 'host: test', ...HANDSHAKE), 200],
    ['no Host', plain('GET / HTTP/1.1', ...HANDSHAKE), 400],
    ['a Host that is none', plain('GET / HTTP/1.1', 'host: [::', ...HANDSHAKE), 400],
    ['a path with a page', get('/page', ...HANDSHAKE), 200],
    ['a page that fails', get('/broken', ...HANDSHAKE), 500],
    ['a path with nothing', get('/nowhere', ...HANDSHAKE), 404],
    ['a path that is none', get('/%zz', ...HANDSHAKE), 400],
    ['a target in absolute form', plain('GET http://test/ HTTP/1.1', 'host: test', ...HANDSHAKE), 101],
    [
      'a target in absolute form with the origin of another Host',
      plain('GET http://test/ HTTP/1.1', 'host: other', ...HANDSHAKE, 'origin: http://test'),
      101,
    ],
    ['a query', get('/?a=1', ...HANDSHAKE), 101],
    ['a body for a path with a page', request('POST', '/page', HANDSHAKE, 'body'), 200],
  ])('§4.2.1 %s', async (_what, bytes, status) => {
    expect(await statusOf(port(), bytes)).toBe(status);
  });

  test('an offer that is declined leaves nothing undone: its connection goes on, or says that it ends', async () => {
    await using client = await RawClient.open(port());
    client.send(get('/page', ...HANDSHAKE) + get('/page', 'connection: close'));
    const answer = await client.ended();
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer.match(/HTTP\/1\.1 200/g)?.length === 2 || /^connection: close\r$/im.test(answer)).toBe(true);
  });

  test.each<[string, readonly string[]]>([
    ['a bad key', [CONNECTION, UPGRADE, 'sec-websocket-key: short', VERSION]],
    ['a bad version', [CONNECTION, UPGRADE, KEY, 'sec-websocket-version: 12']],
    ['a foreign origin', [...HANDSHAKE, 'origin: https://evil.example']],
    ['a bad list of protocols', [...HANDSHAKE, 'sec-websocket-protocol: a,,b']],
  ])('the connection ends after a handshake with %s, with nothing made of what follows', async (what, lines) => {
    await using client = await RawClient.open(port());
    const text = await client.send(get('/', ...lines) + get('/page')).ended();
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toHaveLength(1);
    expect(text).toMatch(what === 'a bad version' ? /^connection: close, upgrade\r$/im : /^connection: close\r$/im);
  });

  test('requests before the handshake on the same connection are answered first', async () => {
    await using client = await FrameClient.upgrade(
      await pipelined(port(), [get('/page'), get('/nowhere'), request('POST', '/page', [], 'posted')]),
      get('/', ...HANDSHAKE),
    );
    expect(await client.send(frame(TEXT, 'hi')).events(1)).toEqual([['text', 'hi']]);
  });

  test('all of that in one write, with frames behind the head', async () => {
    await using raw = await RawClient.open(port());
    const bytes = Buffer.concat([
      Buffer.from(get('/page') + get('/page') + get('/', ...HANDSHAKE)),
      frame(TEXT, 'one'),
      frame(TEXT, 'two'),
      frame(CLOSE, closeBody(1000)),
    ]);
    const text = await raw.send(bytes).ended();
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 101']);
    expect(text.slice(text.lastIndexOf('\r\n\r\n') + 4)).toBe('\x81\x03one\x81\x03two\x88\x02\x03\xe8');
  });

  test('a handshake in pieces of a byte', async () => {
    await using raw = await RawClient.open(port());
    const bytes = get('/', ...HANDSHAKE);
    for (const byte of bytes.slice(0, -1)) raw.send(byte);
    await using client = await FrameClient.upgrade(raw, bytes.slice(-1));
    expect(await client.send(frame(TEXT, 'hi')).events(1)).toEqual([['text', 'hi']]);
  });
});

/** A connection on which requests were answered; what came for them is taken away. */
async function pipelined(port: number, requests: readonly string[]): Promise<RawClient> {
  const client = await RawClient.open(port);
  const responses = await client.send(requests.join('')).responses(requests.length);
  expect(responses.map(({ status }) => status)).toEqual([200, 404, 200]);
  client.received = '';
  return client;
}

describe.each(LANES)('an opening handshake on the lane $name', (lane) => {
  test('waits behind a slow request, in order', async () => {
    const gate = deferred();
    const order: string[] = [];
    await using open = await openServer(
      (server) =>
        server
          .get('/slow', async () => {
            await gate.promise;
            order.push('slow');
            return 'slow';
          })
          .get('/mark', () => 'mark')
          .accept('/', { upgrade: () => void order.push('upgrade'), message: (message) => message }),
      lane.options,
    );
    await using client = await RawClient.open(open.port);
    client.send(Buffer.concat([Buffer.from(get('/slow') + get('/', ...HANDSHAKE)), frame(TEXT, 'early')]));
    // Served meanwhile, so the server has read what was sent before.
    await using other = await RawClient.open(open.port);
    expect((await other.send(get('/mark')).response()).body).toBe('mark');
    expect([client.received, order]).toEqual(['', []]);
    gate.resolve();
    await client.until(() => client.received.endsWith('\x81\x05early'), 'the echo');
    expect(client.received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 101']);
    expect(order).toEqual(['slow', 'upgrade']);
  });

  test('keeps the headers of its 101 to itself when it comes to nothing', async () => {
    await using open = await openServer(
      (server) =>
        server
          .use(async (request, next) => (await next()).header('set-cookie', `who=${request.header('x-who') ?? ''}`))
          .accept('/', (message) => message),
      lane.options,
    );
    expect(await statusOf(open.port, get('/', ...HANDSHAKE, 'x-who: first', 'sec-websocket-protocol: a,,b'))).toBe(400);
    await using client = await FrameClient.open(open.port, '/', ['x-who: second']);
    expect(client.head.match(/^set-cookie: .*/gim)).toEqual(['set-cookie: who=second']);
  });

  test('keeps them to itself when its client closes its side meanwhile', async () => {
    const gate = deferred();
    const left = deferred();
    await using open = await openServer(
      (server) =>
        server
          .use(async (request, next) => (await next()).header('set-cookie', `who=${request.header('x-who') ?? ''}`))
          .accept('/', {
            async upgrade(request) {
              if (request.header('x-who') !== 'first') return;
              request.signal.addEventListener('abort', () => left.resolve());
              await gate.promise;
            },
            message: (message) => message,
          }),
      lane.options,
    );
    await using gone = await RawClient.open(open.port);
    gone.send(get('/', ...HANDSHAKE, 'x-who: first')).sendFin();
    await left.promise;
    gate.resolve();
    await gone.ended();
    await using client = await FrameClient.open(open.port, '/', ['x-who: second']);
    expect(client.head.match(/^set-cookie: .*/gim)).toEqual(['set-cookie: who=second']);
  });

  test('may choose a protocol by a header of its 101', async () => {
    await using open = await openServer(
      (server) =>
        server
          .use(async (_request, next) => (await next()).header('sec-websocket-protocol', 'chat'))
          .accept('/', (message) => message),
      lane.options,
    );
    await using client = await FrameClient.open(open.port, '/', ['sec-websocket-protocol: superchat, chat']);
    expect(client.head.match(/^sec-websocket-protocol: .*/gim)).toEqual(['sec-websocket-protocol: chat']);
  });

  test('brings frames once that came while its upgrade handler worked, and garbage harms nobody', async () => {
    const gate = deferred();
    const got: unknown[] = [];
    await using open = await openServer(
      (server) => server.accept('/', { upgrade: () => gate.promise, message: (message) => void got.push(message) }),
      lane.options,
    );
    await using good = await RawClient.open(open.port);
    await using bad = await RawClient.open(open.port);
    good.send(Buffer.concat([Buffer.from(get('/', ...HANDSHAKE)), frame(TEXT, 'one'), frame(TEXT, 'two')]));
    bad.send(get('/', ...HANDSHAKE) + get('/') + '\0'.repeat(100));
    good.send(frame(TEXT, 'three'));
    gate.resolve();
    await using client = await FrameClient.upgrade(good, frame(CLOSE, closeBody(1000)));
    expect(await client.ended({ isFirst: false })).toEqual([['close', 1000, '']]);
    expect(got).toEqual(['one', 'two', 'three']);
    await bad.until(() => bad.received.includes('\x88\x02\x03\xea'), 'a close with 1002');
    expect(open.log.at('error')).toEqual([]);
  });

  test('holds back what a client sends meanwhile, in the client', async () => {
    const gate = deferred();
    const begun = deferred();
    let came = 0;
    let sent = 0;
    await using open = await openServer(
      (server) =>
        server.websocket({ messagesPerSecond: 1_000_000 }).accept('/', {
          upgrade() {
            begun.resolve();
            return gate.promise;
          },
          message(message) {
            came += 1;
            // Nothing else is sent back: a client that does not read it at once would be closed for that.
            return message === 'last' ? message : undefined;
          },
        }),
      lane.options,
    );
    await using raw = await RawClient.open(open.port);
    raw.send(get('/', ...HANDSHAKE));
    await begun.promise;
    const large = frame(TEXT, 'x'.repeat(65_536));
    while (raw.socket.writableLength < 4_000_000) {
      raw.send(large);
      sent += 1;
      // Writes that the kernel takes are done in this turn.
      await nextTurn();
      if (raw.socket.writableLength === 0 && raw.socket.bytesWritten > 64_000_000)
        throw new Error('The server takes everything.');
    }
    gate.resolve();
    await using client = await FrameClient.upgrade(raw, frame(TEXT, 'last'));
    expect(await client.events(1)).toEqual([['text', 'last']]);
    expect(came).toBe(sent + 1);
  });

  test('that refuses a client gives it the response of the app and an end', async () => {
    await using open = await openServer(
      (server) =>
        server.accept('/', {
          upgrade: () => HttpResponse.problem(401, 'Not you.').header('www-authenticate', 'Bearer'),
        }),
      lane.options,
    );
    await using client = await RawClient.open(open.port);
    const text = await client.send(get('/', ...HANDSHAKE)).ended();
    expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(text).toMatch(/^www-authenticate: Bearer\r$/im);
    expect(text).toMatch(/^connection: close\r$/im);
  });

  test('is cut off by a reset at any moment without a word in the log', async () => {
    await using open = await openServer(
      (server) => server.accept('/', { upgrade: () => nextTurn(), message: (message) => message }),
      lane.options,
    );
    const bytes = Buffer.concat([Buffer.from(get('/', ...HANDSHAKE)), frame(TEXT, 'hi')]);
    for (let length = 1; length <= bytes.byteLength; length += 3) {
      const client = await RawClient.open(open.port);
      client.send(bytes.subarray(0, length));
      await nextTurn();
      client.reset();
    }
    await using last = await FrameClient.open(open.port);
    expect(await last.send(frame(TEXT, 'hi')).events(1)).toEqual([['text', 'hi']]);
    expect(open.log.at('error')).toEqual([]);
  });
});

describe.each(LANES)('the Origin policy on the lane $name (RFC 6455 §10.2)', (lane) => {
  const forwarded = ['x-forwarded-host: app.example', 'x-forwarded-proto: https'];
  test.each<[string, readonly string[], ServerOptions, number]>([
    ['none', [], {}, 101],
    ['its own', ['origin: http://test'], {}, 101],
    ['its own in capitals', ['origin: HTTP://TEST'], {}, 101],
    ['its own with the port that goes without saying', ['origin: http://test:80'], {}, 101],
    ['that of its pages behind a proxy that speaks TLS and is not named', ['origin: https://test'], {}, 101],
    [
      'its own by plain http, where the request came over TLS',
      ['origin: http://app.example', ...forwarded],
      { trustProxy: ['127.0.0.0/8'] },
      403,
    ],
    ['another host', ['origin: http://other'], {}, 403],
    ['a host that ends in its own', ['origin: http://eviltest'], {}, 403],
    ['a host that begins with its own', ['origin: http://test.evil'], {}, 403],
    ['a subdomain', ['origin: http://a.test'], {}, 403],
    ['another port', ['origin: http://test:8080'], {}, 403],
    ['its own as the user of another', ['origin: http://test@evil'], {}, 403],
    ['null', ['origin: null'], {}, 403],
    ['empty', ['origin:'], {}, 403],
    ['no URL', ['origin: test'], {}, 403],
    ['half an address', ['origin: http://['], {}, 403],
    ['two', ['origin: http://test', 'origin: http://evil'], {}, 403],
    ['a list', ['origin: http://test http://evil'], {}, 403],
    ['bytes beyond ASCII', ['origin: http://t\xe9st'], {}, 403],
    ['file://', ['origin: file://'], {}, 403],
    ['behind a proxy that is not trusted', ['origin: https://app.example', ...forwarded], {}, 403],
    [
      'behind a proxy that is trusted',
      ['origin: https://app.example', ...forwarded],
      { trustProxy: ['127.0.0.0/8'] },
      101,
    ],
    [
      'the inner host behind a proxy that is trusted',
      ['origin: http://test', ...forwarded],
      { trustProxy: ['127.0.0.0/8'] },
      403,
    ],
    ['named', ['origin: https://app.example'], { websocket: { origins: ['https://app.example'] } }, 101],
    ['named, by http', ['origin: http://app.example'], { websocket: { origins: ['https://app.example'] } }, 403],
    [
      'named, with another port',
      ['origin: https://app.example:444'],
      { websocket: { origins: ['https://app.example'] } },
      403,
    ],
    [
      'its own beside others that are named',
      ['origin: http://test'],
      { websocket: { origins: ['self', 'https://app.example'] } },
      101,
    ],
    [
      'its own while others are named',
      ['origin: http://test'],
      { websocket: { origins: ['https://app.example'] } },
      403,
    ],
    ['none while some are named', [], { websocket: { origins: ['https://app.example'] } }, 101],
    ['one while none is allowed', ['origin: http://test'], { websocket: { origins: [] } }, 403],
  ])('%s', async (_what, lines, options, status) => {
    const routed: string[] = [];
    await using open = await openServer(
      (server) => server.accept('/', { upgrade: () => void routed.push('upgrade'), message: (message) => message }),
      { ...lane.options, ...options },
    );
    expect(await statusOf(open.port, get('/', ...HANDSHAKE, ...lines))).toBe(status);
    expect(routed).toHaveLength(status === 101 ? 1 : 0);
  });
});
