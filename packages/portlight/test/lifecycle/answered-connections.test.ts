import { once } from 'node:events';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { HttpResponse, type HttpServer } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { hasOpenssl, makeCertificate } from '../support/make-certificate.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

const HANDSHAKE = ['upgrade: websocket', 'connection: Upgrade', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='];
const UPGRADE = get('/ws', ...HANDSHAKE, 'sec-websocket-version: 13');

const register = (app: HttpServer): unknown =>
  app
    .get('/', () => 'x')
    .post('/', (each) => each.text())
    .post('/unread', () => 'unread')
    .accept('/ws', { upgrade: () => HttpResponse.problem(401), message() {} });

describe.concurrent('a client that has its last answer and keeps its side open', () => {
  test.for([
    ['refused by the app', UPGRADE, 401],
    ['refused for its handshake', get('/ws', ...HANDSHAKE, 'sec-websocket-version: 12'), 426],
  ] as const)('is gone before a stop when its upgrade was %s', async ([, bytes, status], { expect: check }) => {
    await using open = await openServer(register);
    await using client = await RawClient.open(open.port);
    check(await client.send(bytes).response()).toMatchObject({ status });
    await client.ended();
    check(await open.server.shutdown()).toMatchObject({ drained: 0, forced: 0 });
    check(client.errorCode).toBeUndefined();
  });

  test.for([
    ['sent more behind a refused upgrade', `${UPGRADE}${'x'.repeat(100)}`, 401],
    ['sent no HTTP', 'garbage\r\n\r\n', 400],
    ['sent HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['sent a head that is too large', get('/', `x: ${'y'.repeat(20_000)}`), 431],
    ['asked for a tunnel', 'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n', 501],
    ['declared a body that is too large', request('POST', '/', ['content-length: 5000000']), 413],
    ['has a body to send that nobody reads', request('POST', '/unread', ['content-length: 900000']), 200],
  ] as const)('is drained within a second or so when it %s', async ([, bytes, status], { expect: check }) => {
    await using open = await openServer(register);
    await using client = await RawClient.open(open.port);
    check(await client.send(bytes).response()).toMatchObject({ status });
    await client.ended();
    const report = await open.server.shutdown();
    check(report).toMatchObject({ drained: 1, forced: 0 });
    // Without a stop it has five.
    check(report.durationMs).toBeLessThan(4_000);
    check(client.errorCode).toBeUndefined();
  });

  test('is not forced at a deadline before that', async ({ expect: check }) => {
    await using open = await openServer(register);
    await using client = await RawClient.open(open.port);
    await client.send('garbage\r\n\r\n').ended();
    check(await open.server.shutdown({ timeoutMs: 50 })).toMatchObject({ drained: 1, forced: 0 });
  });

  test('has a second too when its answer comes within the stop', async ({ expect: check }) => {
    const [gate, begun] = [deferred(), deferred()];
    await using open = await openServer((app) =>
      app.post('/', async () => {
        begun.resolve();
        await gate.promise;
        return 'unread';
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['content-length: 900000']));
    await begun.promise;
    const stopping = open.server.shutdown();
    await check.poll(() => open.server.isConnected()).toBe(false);
    gate.resolve();
    check(await client.response()).toMatchObject({ body: 'unread' });
    const report = await stopping;
    check(report).toMatchObject({ drained: 1, forced: 0 });
    check(report.durationMs).toBeLessThan(4_000);
    check(client.errorCode).toBeUndefined();
  });
});

test.skipIf(!hasOpenssl())('a client of TLS whose upgrade was refused does not hold a stop', async () => {
  await using open = await openServer(register, { tls: await makeCertificate('refused.test') });
  const options = { port: open.port, host: '127.0.0.1', allowHalfOpen: true, rejectUnauthorized: false };
  const socket = connect(options);
  const [errors, received]: [unknown[], string[]] = [[], []];
  socket.on('error', (error) => errors.push(error));
  socket.on('data', (bytes) => received.push(String(bytes)));
  socket.write(UPGRADE);
  await once(socket, 'end');
  expect(await open.server.shutdown()).toMatchObject({ forced: 0 });
  expect(received.join('')).toContain(' 401 ');
  expect(errors).toEqual([]);
  socket.destroy();
});
