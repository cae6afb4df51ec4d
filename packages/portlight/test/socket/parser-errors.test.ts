import { describe, expect, test } from 'vitest';
import type { HttpServer, ServerOptions } from '../../src/index.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

const FAST: ServerOptions = { headersTimeoutMs: 200, requestTimeoutMs: 400 };
const app = (server: HttpServer): unknown => server.get('/', () => 'x').post('/', (request) => request.text());

/** Sends bytes to a server of its own and gives the status lines of all it got until the server closed. */
async function statusesOf(bytes: string, options: ServerOptions = {}): Promise<readonly string[]> {
  await using open = await openServer(app, options);
  await using client = await RawClient.open(open.port);
  const text = await client.send(bytes).ended();
  return text.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? [];
}

describe('what is no HTTP/1.1 is answered once and closed', () => {
  test.each<[string, string, string]>([
    ['garbage', 'GARBAGE\r\n\r\n', '400'],
    ['binary zeros', '\0'.repeat(64), '400'],
    ['a TLS ClientHello', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', '400'],
    ['a banner of SSH', 'SSH-2.0-OpenSSH_9.2\r\n', '400'],
    ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost: a\r\nbad\r\n\r\n', '400'],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nhost: a\r\nx-a : b\r\n\r\n', '400'],
    ['a folded header', 'GET / HTTP/1.1\r\nhost: a\r\nx-a: b\r\n c\r\n\r\n', '400'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nhost: a\r\nx-a: b\0c\r\n\r\n', '400'],
    ['bare line feeds', 'GET / HTTP/1.1\nhost: a\n\n', '400'],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', '400'],
    ['a signed length', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\n', '400'],
    ['a length in hexadecimal', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0x5\r\n\r\n', '400'],
    ['a length of 20 digits', `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${'9'.repeat(20)}\r\n\r\n`, '400'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n',
      '400',
    ],
    ['chunks of an unknown kind', 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n', '400'],
    ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', '400'],
    ['an empty transfer coding', 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding:\r\n\r\n', '400'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', '400'],
    ['two Hosts', 'GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n', '400'],
    ['a Host with a blank', 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n', '400'],
    ['an empty Host', 'GET / HTTP/1.1\r\nhost:\r\n\r\n', '400'],
    ['a head over the limit', `GET / HTTP/1.1\r\nhost: a\r\nx-a: ${'b'.repeat(20_000)}\r\n\r\n`, '431'],
    ['too many header lines', `GET / HTTP/1.1\r\nhost: a\r\n${'x-a: b\r\n'.repeat(101)}\r\n`, '431'],
    ['a target over the limit', `GET /${'a'.repeat(9_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, '414'],
    ['a tunnel', 'CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n', '501'],
    ['an unknown expectation', 'POST / HTTP/1.1\r\nhost: a\r\nexpect: banana\r\ncontent-length: 1\r\n\r\n', '417'],
  ])('%s', async (_what, bytes, status) => {
    expect(await statusesOf(bytes)).toEqual([status]);
  });

  test('half a head and then the end of the client', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const text = await client.send('GET / HTTP/1.1\r\nho').sendFin().ended();
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe.concurrent('what does not come in time is answered 408 and closed', () => {
  test('half a head', async () => {
    expect(await statusesOf('GET / HTTP/1.1\r\nho', FAST)).toEqual(['408']);
  });

  test('half a body, which fails for its reader', async () => {
    expect(await statusesOf('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf', FAST)).toEqual(['408']);
  });

  test('half a body in chunks', async () => {
    expect(await statusesOf('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf', FAST)).toEqual(
      ['408'],
    );
  });

  test('nothing at all: the connection ends', async () => {
    await using open = await openServer(app, FAST);
    await using client = await RawClient.open(open.port);
    expect(await client.ended()).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
  });

  test('a head at the pace of a byte now and then', async () => {
    await using open = await openServer(app, FAST);
    await using client = await RawClient.open(open.port);
    client.send('GET / HTTP/1.1\r\nx-a: ');
    const drip = setInterval(() => client.send('b'), 50);
    const text = await client.ended().finally(() => clearInterval(drip));
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('no next request: the connection ends without a word', async () => {
    await using open = await openServer(app, { keepAliveTimeoutMs: 50 });
    await using client = await RawClient.open(open.port);
    await client.send(get('/')).response();
    await client.ended();
    expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe.concurrent('a response that was made before there was a request', () => {
  test.each<[string, string, number]>([
    ['400', 'GARBAGE\r\n\r\n', 400],
    ['408', 'GET / HTTP/1.1\r\nho', 408],
    ['431', `GET / HTTP/1.1\r\nhost: a\r\nx-a: ${'b'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s passes error handlers, setHeader and interceptors, with no request', async (_what, bytes, status) => {
    const seen: unknown[] = [];
    await using open = await openServer(
      (server) =>
        server
          .error((error, request) => `${error.status} ${error.code} ${typeof request}`)
          .setHeader('x-default', '1')
          .onResponse((response, request) => void seen.push([response.status, request])),
      FAST,
    );
    await using client = await RawClient.open(open.port);
    client.send(bytes);
    const response = await client.response();
    await client.ended();
    expect(response.status).toBe(status);
    expect(response.body).toMatch(new RegExp(`^${status} ERR_PORTLIGHT_[A-Z_]+ undefined$`));
    expect([response.headers.get('x-default'), response.headers.get('connection')]).toEqual(['1', 'close']);
    expect(seen).toEqual([[status, undefined]]);
  });

  test('is a problem by default, and shows no part of what came', async () => {
    await using open = await openServer(app);
    await using client = await RawClient.open(open.port);
    const response = await client.send('<script>\r\n\r\n').response();
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.body).not.toContain('script');
  });

  test('is sent though an interceptor fails or is slow', async () => {
    await using open = await openServer((server) =>
      server
        .onResponse(() => {
          throw new Error('broken');
        })
        .onResponse(async () => {
          await new Promise(setImmediate);
        }),
    );
    await using client = await RawClient.open(open.port);
    expect((await client.send('GARBAGE\r\n\r\n').response()).status).toBe(400);
  });
});

test('random bytes never keep the next client from being answered', async () => {
  await using open = await openServer(app);
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) & 0xff;
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      await using client = await RawClient.open(open.port);
      client.send(Uint8Array.from({ length: 200 }, random)).sendFin();
      await client.ended();
    }),
  );
  await using client = await RawClient.open(open.port);
  expect((await client.send(get('/')).response()).status).toBe(200);
});
