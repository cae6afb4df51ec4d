import { describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { LANES } from './lanes.ts';
import { chunked, head, openApp, post } from './strict-app.ts';

describe.each(LANES)('RFC 9112 §9 on the lane $name', (lane) => {
  test.each<[string, string]>([
    ['close', head('GET / HTTP/1.1', 'host: a', 'connection: close')],
    ['CLOSE', head('GET / HTTP/1.1', 'host: a', 'connection: CLOSE')],
    ['close before a tab', head('GET / HTTP/1.1', 'host: a', 'connection: close\t')],
    ['close and keep-alive in HTTP/1.0', head('GET / HTTP/1.0', 'connection: keep-alive, close')],
    ['close in a second line in HTTP/1.0', head('GET / HTTP/1.0', 'connection: keep-alive', 'connection: close')],
    ['close in a list', head('GET / HTTP/1.1', 'host: a', 'connection: x, close, y')],
    ['close and keep-alive', head('GET / HTTP/1.1', 'host: a', 'connection: keep-alive, close')],
    ['close in a second line', head('GET / HTTP/1.1', 'host: a', 'connection: keep-alive', 'connection: close')],
    ['HTTP/1.0', head('GET / HTTP/1.0', 'host: a')],
    ['HTTP/1.0 and close', head('GET / HTTP/1.0', 'host: a', 'connection: close')],
  ])('§9.6 after %s nothing more is answered, nor begun', async (_what, bytes) => {
    await using app = await openApp(lane);
    await using client = await RawClient.open(app.port);
    const text = await client.send(bytes + get('/smuggled')).ended();
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200']);
    expect(text).toMatch(/^connection: close\r$/im);
    expect(app.seen).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['close', head('GET /socket HTTP/1.1', 'host: a', 'connection: close')],
    ['HTTP/1.0', head('GET /socket HTTP/1.0')],
  ])('§9.6 after %s a 426 ends the connection too', async (_what, bytes) => {
    await using app = await openServer((server) => server.accept('/socket', () => undefined), lane.options);
    await using client = await RawClient.open(app.port);
    const text = await client.send(bytes).ended();
    expect(text).toMatch(/^HTTP\/1\.1 426 /);
    expect(text).toMatch(/^connection: close, Upgrade\r$/im);
  });

  test.each<[string, string]>([
    ['a coding that is not read', 'transfer-encoding: gzip, chunked'],
    ['no last chunk', 'transfer-encoding: gzip'],
    ['an unknown coding', 'transfer-encoding: xchunked'],
    ['a length besides', 'transfer-encoding: chunked\r\ncontent-length: 5'],
  ])('§9.6 a client that sends its body first reads the refusal of %s', async (_what, field) => {
    await using app = await openApp(lane);
    await using client = await RawClient.open(app.port);
    client.socket.pause();
    client.send(head('POST / HTTP/1.1', 'host: a', field));
    for (let piece = 0; piece < 10; piece++) {
      client.send('x'.repeat(50_000));
      await new Promise(setImmediate);
    }
    client.socket.resume();
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 (?:400|501) /);
    expect(client.errorCode).toBe(undefined);
  });

  test.each<[string, string]>([
    ['without a word', head('GET / HTTP/1.1', 'host: a')],
    ['with keep-alive', head('GET / HTTP/1.1', 'host: a', 'connection: keep-alive')],
    ['with another option', head('GET / HTTP/1.1', 'host: a', 'connection: x')],
    ['with keep-alive in HTTP/1.0', head('GET / HTTP/1.0', 'host: a', 'connection: keep-alive')],
    ['with keep-alive in HTTP/1.0 and without a host', head('GET / HTTP/1.0', 'connection: Keep-Alive')],
    ['with a body of chunks', chunked('3\r\nabc\r\n0\r\n\r\n')],
    ['with a body of a length', post(['content-length: 3'], 'abc')],
    ['with a body nobody reads', request('POST', '/ignore', [], 'abc')],
    ['with a body for GET', request('GET', '/', [], 'abc')],
    ['with a body for DELETE', request('DELETE', '/echo', [], 'abc')],
    ['with a body for HEAD', request('HEAD', '/204', [], 'abc')],
    ['with a body for OPTIONS', request('OPTIONS', '/', [], 'abc')],
    ['to a path without a route', get('/none')],
    ['with a body to a path without a route', request('POST', '/none', [], 'abc')],
    ['by a method that is not taken', request('PUT', '/', [], 'abc')],
    ['whose handler fails', get('/500')],
    ['refused for its path', get('/a/../b')],
  ])('§9.3 a request %s leaves the connection for the next', async (_what, bytes) => {
    await using app = await openApp(lane);
    await using client = await RawClient.open(app.port);
    const [first, next] = await client.send(bytes + get('/')).responses(2);
    expect(first?.headers.get('connection')).not.toBe('close');
    expect(next).toMatchObject({ status: 200, body: 'Hello' });
  });

  test.each<[string, string]>([
    ['foo', head('GET / HTTP/1.1', 'host: a', 'connection: upgrade', 'upgrade: foo/1')],
    [
      'h2c',
      head(
        'GET / HTTP/1.1',
        'host: a',
        'connection: Upgrade, HTTP2-Settings',
        'upgrade: h2c',
        'http2-settings: AAMAAABkAAQAAP__',
      ),
    ],
    ['TLS', head('GET / HTTP/1.1', 'host: a', 'connection: upgrade', 'upgrade: TLS/1.0')],
    ['h2c with a body', post(['connection: upgrade', 'upgrade: h2c', 'content-length: 5'], 'Hello')],
  ])(
    '§7.8 of RFC 9110: an upgrade to %s is the plain request it also is; the next one is answered, or the connection ends',
    async (_what, bytes) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      client.send(bytes + get('/', 'connection: close'));
      const text = await client.ended();
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nHello/);
      expect(app.seen.length).toBe(text.match(/HTTP\/1\.1 200/g)?.length);
    },
  );

  test('§9.3.2 a mix of methods, bodies and errors is answered in order', async () => {
    await using app = await openApp(lane);
    await using client = await RawClient.open(app.port);
    const mix = [
      get('/'),
      post(['content-length: 1'], 'a'),
      get('/none'),
      chunked('1\r\nb\r\n0\r\n\r\n'),
      get('/500'),
      request('HEAD', '/'),
      get('/204'),
      get('/stream'),
      request('PUT', '/'),
      get('/'),
    ];
    const responses = await client.send(mix.join('')).responses(mix.length, [5]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 404, 200, 500, 200, 204, 200, 405, 200]);
    expect([1, 3, 7, 9].map((index) => responses[index]?.body)).toEqual(['a', 'b', 'abc', 'Hello']);
  });

  test('§9.3.2 what is refused by its framing is the last of the pipeline', async () => {
    await using app = await openApp(lane);
    await using client = await RawClient.open(app.port);
    const bad = post(['content-length: 1', 'transfer-encoding: chunked'], '0\r\n\r\n');
    const text = await client.send(get('/') + get('/stream') + bad + get('/smuggled')).ended();
    expect(text.match(/(?<=HTTP\/1\.1 )\d{3}/g)).toEqual(['200', '200', '400']);
    expect(app.seen).toEqual(['GET /', 'GET /stream']);
  });

  test('a body of 5 MB that nobody reads has its answer, and is never taken for a request', async () => {
    await using app = await openApp(lane, { maxBodyBytes: 10_000_000 });
    await using client = await RawClient.open(app.port);
    const body = get('/smuggled').repeat(120_000).slice(0, 5_000_000);
    client.send(request('POST', '/ignore', [], body) + get('/')).sendFin();
    const text = await client.ended();
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(app.seen.filter((each) => each === 'GET /smuggled')).toEqual([]);
  });

  test('§6.3 a stream to HTTP/1.0 has no chunks, ends with the connection, and nothing is begun behind it', async () => {
    await using app = await openApp(lane);
    await using client = await RawClient.open(app.port);
    const text = await client
      .send(head('GET /stream HTTP/1.0', 'connection: keep-alive', 'te: chunked') + get('/smuggled'))
      .ended();
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nabc$/);
    expect(text).not.toMatch(/transfer-encoding|content-length/i);
    expect(app.seen).toEqual(['GET /stream']);
  });

  test.each<[string, string]>([
    ['too large, as it says', 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5000000\r\n\r\n'],
    [
      'too large, in chunks',
      `POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${(1_048_577).toString(16)}\r\n${'x'.repeat(1_048_577)}`,
    ],
    ['that nobody wants', 'POST /none HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n\r\n'],
    [
      'that is small, and the last of its connection',
      'POST /none HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5000\r\n\r\n',
    ],
    ['behind an unknown expectation', 'POST /echo HTTP/1.1\r\nhost: a\r\nexpect: x\r\ncontent-length: 500000\r\n\r\n'],
    [
      'behind an expectation that is not met',
      'POST /none HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 500000\r\n\r\n',
    ],
    ['behind a refused Host', 'POST /echo HTTP/1.1\r\nhost: a b\r\ncontent-length: 500000\r\n\r\n'],
    ['behind an unknown coding', 'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n'],
    ['with a damaged chunk', 'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    ['of no HTTP', 'nonsense\r\n\r\n'],
    ['behind an unknown method', 'FOO / HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n\r\n'],
  ])(
    '§9.6 behind the answer to a body %s comes the end of this side at once, and what is still sent does no harm to it',
    async (_what, bytes) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const start = performance.now();
      const text = await client.send(bytes).ended();
      expect(text).toMatch(/^HTTP\/1\.1 [45]\d\d [^]*\r\nconnection: close\r\n(?:[^]*\r\n)?\r\n\{.*\}$/i);
      // Well below the five seconds for which it goes on reading.
      expect(performance.now() - start).toBeLessThan(4_000);
      for (let count = 0; count < 20; count++) {
        await new Promise((resolve) => client.socket.write('x'.repeat(1_000), resolve));
      }
      client.sendFin();
      await client.until(() => client.isClosed, 'the close');
      expect(client.received).toBe(text);
    },
  );
});
