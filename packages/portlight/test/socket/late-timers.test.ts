import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

const LIMIT_MS = 150;
const BLOCKED_MS = 4 * LIMIT_MS;

/** Keeps the loop from everything else, as a handler does that computes. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** So that the clock of a connection stands where the test wants it. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

describe('what clients sent while the loop was blocked is read before they are judged', () => {
  test('the next request of a connection that stayed open', async () => {
    await using open = await openServer((app) => app.get('/', () => 'x'), { keepAliveTimeoutMs: LIMIT_MS });
    const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.open(open.port)));
    for (const client of clients) await client.send(get('/')).responses(1);
    for (const client of clients) client.send(get('/'));
    block(BLOCKED_MS);
    for (const client of clients) expect((await client.responses(2))[1]?.status).toBe(200);
    for (const client of clients) client.socket.destroy();
  });

  test('the next request of a connection on which the client must not be silent', async () => {
    await using open = await openServer((app) => app.get('/', () => 'x').setTimeout(LIMIT_MS / 1_000));
    await using client = await RawClient.open(open.port);
    await client.send(get('/')).responses(1);
    client.send(get('/'));
    block(BLOCKED_MS);
    expect((await client.responses(2))[1]?.status).toBe(200);
  });

  test.each([
    ['the first request of a connection', '', get('/')],
    ['the rest of a head', 'GET / HTTP/1.1\r\nhost: a\r\nx-', 'a: b\r\n\r\n'],
    ['the rest of a body', `${request('POST', '/', ['content-length: 4'])}ab`, 'cd'],
    ['the rest of a body in chunks', `${request('POST', '/', ['transfer-encoding: chunked'])}2\r\nab\r\n`, '0\r\n\r\n'],
  ])('%s', async (_what, before, after) => {
    await using open = await openServer((app) => app.all('/', (each) => each.text()), {
      headersTimeoutMs: LIMIT_MS,
      requestTimeoutMs: LIMIT_MS,
    });
    await using client = await RawClient.open(open.port);
    client.send(before);
    await settle();
    client.send(after);
    block(BLOCKED_MS);
    expect((await client.response()).status).toBe(200);
  });

  test('a client that reads steadily gets all of its response', async () => {
    const size = 64 * 1_048_576;
    const body = Buffer.alloc(size, 'x');
    await using open = await openServer((app) => app.get('/', () => body), { writeTimeoutMs: LIMIT_MS });
    const reader = new Worker(
      `
      const { connect } = require('node:net');
      const { parentPort, workerData } = require('node:worker_threads');
      let bytes = 0;
      const socket = connect(workerData.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n'));
      socket.on('data', (chunk) => {
        if (bytes === 0) parentPort.postMessage('begun');
        bytes += chunk.length;
      });
      socket.on('error', () => {});
      socket.on('close', () => parentPort.postMessage(bytes));
    `,
      { eval: true, workerData: { port: open.port } },
    );
    const messages: unknown[] = [];
    const closed = new Promise<number>((resolve) =>
      reader.on('message', (message) => {
        messages.push(message);
        if (message === 'begun') for (let round = 0; round < 3; round++) setTimeout(() => block(BLOCKED_MS), round);
        else resolve(message as number);
      }),
    );
    expect(await closed).toBeGreaterThan(size);
    await reader.terminate();
  });
});

test.each([
  ['a request', '', 408],
  ['the rest of a head', 'GET / HTTP/1.1\r\nx-', 408],
  ['the rest of a body', `${request('POST', '/', ['content-length: 4'])}ab`, 408],
])('a client that did not send %s in time is told so, after a blocked loop too', async (_what, before, status) => {
  await using open = await openServer((app) => app.post('/', (each) => each.text()), {
    headersTimeoutMs: LIMIT_MS,
    requestTimeoutMs: LIMIT_MS,
  });
  await using client = await RawClient.open(open.port);
  client.send(before);
  await settle();
  block(BLOCKED_MS);
  expect((await client.response()).status).toBe(status);
});
