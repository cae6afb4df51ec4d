import { describe, expect, test } from 'vitest';
import { type HttpServer, HttpResponse } from '../../src/index.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

const app = (server: HttpServer): unknown =>
  server
    .get('/', () => 'Hello')
    .get('/stream', () => ['a', '', 'bc'].values())
    .get('/204', () => new HttpResponse('ignored', { status: 204 }))
    .get('/304', () => new HttpResponse('ignored', { status: 304, headers: { etag: '"a"' } }))
    .get('/205', () => new HttpResponse(null, { status: 205 }))
    .get('/close', () => HttpResponse.text('bye').header('connection', 'close'))
    .get('/own-framing', () =>
      HttpResponse.text('x')
        .header('transfer-encoding', 'gzip, chunked')
        .header('content-length', '99')
        .header('keep-alive', 'timeout=1'),
    )
    .get('/cookies', () => HttpResponse.text('x').cookie('a', '1').cookie('b', '2'))
    .post('/echo', (each) => each.text());

describe('framing as a client sees it (RFC 9112 §6)', () => {
  test('answers with a length, a date and the connection left open', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const response = await client.send(get('/')).response();
    expect(response).toMatchObject({ status: 200, body: 'Hello' });
    expect(response.headers.get('content-length')).toBe('5');
    expect(Date.parse(response.headers.get('date') ?? '')).toBeGreaterThan(0);
    expect(response.headers.get('connection')).not.toBe('close');
    await client.send(get('/')).responses(2);
    expect(client.hasEnded).toBe(false);
  });

  test('sends a stream in chunks, and leaves the connection open', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const [stream, next] = await client.send(get('/stream') + get('/')).responses(2);
    expect(stream?.headers.get('transfer-encoding')).toBe('chunked');
    expect(stream?.headers.has('content-length')).toBe(false);
    expect([stream?.body, next?.body]).toEqual(['abc', 'Hello']);
  });

  test.each(['/', '/stream', '/204', '/304'])('sends no body for HEAD %s', async (path) => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const [, next] = await client.send(request('HEAD', path) + get('/')).responses(2, [0]);
    expect(next?.body).toBe('Hello');
  });

  test.each([
    ['/204', 204],
    ['/304', 304],
    ['/205', 205],
  ])('sends no body for %s, and the next answer is whole', async (path, status) => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const [first, next] = await client.send(get(path) + get('/')).responses(2);
    expect([first?.status, first?.body, next?.body]).toEqual([status, '', 'Hello']);
    expect(first?.headers.has('transfer-encoding')).toBe(false);
  });

  test.each([
    ['asked for by the client', get('/', 'connection: close'), 'Hello'],
    ['asked for by the handler', get('/close'), 'bye'],
  ])('closes when that is %s', async (_what, bytes, body) => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const response = await client.send(bytes).response();
    expect([response.body, response.headers.get('connection')]).toEqual([body, 'close']);
    await client.ended();
    expect(client.errorCode).toBe(undefined);
  });

  test('closes after HTTP/1.0, and does not send it chunks', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const text = await client.send('GET /stream HTTP/1.0\r\n\r\n').ended();
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).not.toMatch(/transfer-encoding/i);
    expect(text.endsWith('\r\n\r\nabc')).toBe(true);
  });

  test('keeps an HTTP/1.0 connection open when that is asked for', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const bytes = 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n';
    const [first] = await client.send(bytes + bytes).responses(2);
    expect(first?.headers.get('connection')).toMatch(/keep-alive/i);
  });

  test('decides on framing fields itself, whatever a handler says', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const [first, next] = await client.send(get('/own-framing') + get('/')).responses(2);
    expect(first?.headers.get('content-length')).toBe('1');
    expect(first?.headers.has('transfer-encoding')).toBe(false);
    expect(next?.body).toBe('Hello');
  });

  test('sends each cookie in a field of its own', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    await client.send(get('/cookies')).response();
    expect(client.received.match(/^set-cookie: .*$/gim)).toEqual([
      'set-cookie: a=1; Path=/',
      'set-cookie: b=2; Path=/',
    ]);
  });
});

describe('a request in pieces', () => {
  const bytes = request('POST', '/echo', ['x-a: b'], 'body') + get('/');
  test('one byte at a time is the same as in one packet', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    for (const byte of bytes) {
      client.send(byte);
      await new Promise(setImmediate);
    }
    expect((await client.responses(2)).map(({ body }) => body)).toEqual(['body', 'Hello']);
  });

  test('in two, cut at every byte, is the same as in one', async () => {
    await using open = await openServer(app);
    await Promise.all(
      Array.from({ length: bytes.length - 1 }, async (_, index) => {
        await using client = await RawClient.open(open.port);
        client.send(bytes.slice(0, index + 1));
        await new Promise(setImmediate);
        client.send(bytes.slice(index + 1));
        expect((await client.responses(2)).map(({ body }) => body)).toEqual(['body', 'Hello']);
      }),
    );
  });
});

test('an upgrade that is not for us is the plain request it also is', async () => {
  await using open = await openServer(app);
  await using client = await RawClient.open(open.port);
  const response = await client
    .send(get('/', 'connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__'))
    .response();
  expect([response.status, response.body]).toEqual([200, 'Hello']);
});
