import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { type Certificate, hasOpenssl, makeCertificate } from '../support/make-certificate.ts';
import { get, request } from '../support/raw-client.ts';

const LIMIT_MS = 150;
const BLOCKED_MS = 4 * LIMIT_MS;
const CLIENT = `
  const { connect } = require('node:tls');
  const { parentPort, workerData: { port } } = require('node:worker_threads');
  let received = '';
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
    socket.write('GET / HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n'));
  socket.setEncoding('latin1').on('data', (text) => (received += text));
  socket.on('error', (error) => (received += error.code));
  socket.on('close', () => parentPort.postMessage(received));
`;

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe.skipIf(!hasOpenssl())('behind TLS, while the loop was blocked', { timeout: 20_000 }, () => {
  let tls: Certificate;
  beforeAll(async () => {
    tls = await makeCertificate('late.test');
  });

  async function open(): Promise<{ readonly server: HttpServer; readonly port: number } & AsyncDisposable> {
    const options = { tls, headersTimeoutMs: LIMIT_MS, requestTimeoutMs: LIMIT_MS, keepAliveTimeoutMs: LIMIT_MS };
    const server = new HttpServer('127.0.0.1', 0, options).all('/', (each) =>
      each.text().then((text) => `got ${text}`),
    );
    await server.start();
    const close = async (): Promise<void> => void (await server.shutdown({ timeoutMs: 0 }));
    return { server, port: server.getAddress().port, [Symbol.asyncDispose]: close };
  }

  async function handshake(port: number): Promise<TLSSocket> {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return socket.setEncoding('latin1');
  }

  test.each([
    ['the first request', '', get('/', 'connection: close'), 'got '],
    ['the rest of a head', 'GET / HTTP/1.1\r\nhost: a\r\nx-', 'a: b\r\nconnection: close\r\n\r\n', 'got '],
    ['the rest of a body', `${request('POST', '/', ['content-length: 4', 'connection: close'])}ab`, 'cd', 'got abcd'],
  ])('%s is read before the client is judged', async (_, before, after, answer) => {
    await using server = await open();
    const socket = await handshake(server.port);
    if (before !== '') socket.write(before);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    socket.write(after);
    block(BLOCKED_MS);
    let text = '';
    for await (const chunk of socket) text += chunk as string;
    expect(text).toContain(`\r\n\r\n${answer}`);
  });

  test('a handshake goes on that the client has done its part of', async () => {
    await using server = await open();
    const accepted = once(server.server.getSocket() as NonNullable<ReturnType<HttpServer['getSocket']>>, 'connection');
    const client = new Worker(CLIENT, { eval: true, workerData: { port: server.port } });
    const received = once(client, 'message');
    await accepted;
    block(BLOCKED_MS);
    expect((await received)[0]).toContain('\r\n\r\ngot ');
    await client.terminate();
  });

  test('a client that has sent nothing is closed in time, after a blocked loop too', async () => {
    await using server = await open();
    const socket = connectPlain({ port: server.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    block(BLOCKED_MS);
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });
});
