import { once } from 'node:events';
import { open as openFile, truncate } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpResponse, type HttpServer } from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';
import { TempFolder } from '../support/temp-folder.ts';

const MIB = 1_048_576;
let temp: TempFolder;

/** A file of so many bytes that takes no room on the disk. */
async function makeSparse(name: string, bytes: number): Promise<void> {
  const handle = await openFile(temp.at(name), 'w');
  await handle.close();
  await truncate(temp.at(name), bytes);
}

beforeAll(async () => {
  temp = await TempFolder.create();
  await makeSparse('big.bin', 64 * MIB);
  await makeSparse('huge.bin', 500 * MIB);
  await temp.write('small.txt', 'small');
});

afterAll(() => temp[Symbol.asyncDispose]());

const file = (name: string): HttpResponse => HttpResponse.file(name, { root: temp.path });
const serve = (app: HttpServer): unknown => app.get('/:name', (request) => file(request.params.name));
const noneOpen = (): Promise<void> => expect.poll(() => openFilesUnder(temp.path), { timeout: 10_000 }).toEqual([]);

describe('the file of a response is closed', () => {
  test.each<[string, Record<string, string>, string, number]>([
    ['when it is sent', {}, 'GET', 200],
    ['after a part', { range: 'bytes=1-2' }, 'GET', 206],
    ['after HEAD', {}, 'HEAD', 200],
    ['when it has not changed', { 'if-none-match': '*' }, 'GET', 304],
    ['when a precondition fails', { 'if-match': '"x"' }, 'GET', 412],
    ['when a range lies outside', { range: 'bytes=99-' }, 'GET', 416],
  ])('%s', async (_when, headers, method, status) => {
    await using open = await openServer(serve);
    for (let round = 0; round < 20; round++) {
      const response = await fetch(`http://127.0.0.1:${open.port}/small.txt`, { method, headers });
      await response.arrayBuffer();
      expect(response.status).toBe(status);
    }
    await noneOpen();
  });

  test('when its client goes away midway, a hundred times', async () => {
    await using open = await openServer(serve);
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const client = await RawClient.open(open.port);
        client.send(get('/big.bin'));
        await client.until(() => client.received.length > 0, 'the first bytes');
        client.reset();
      }),
    );
    await noneOpen();
    expect(open.log.at('error')).toEqual([]);
  });

  test('when its client was gone before it was sent', async () => {
    await using open = await openServer((app) =>
      app.get('/', async (request) => {
        await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
        return file('big.bin');
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await new Promise(setImmediate);
    client.reset();
    await noneOpen();
    expect(open.log.at('error')).toEqual([]);
  });

  test('when the handler took too long for it', async () => {
    await using open = await openServer((app) =>
      app.get('/', { handlerTimeoutMs: 20 }, async (request) => {
        await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
        return file('big.bin');
      }),
    );
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/')).response()).status).toBe(503);
    await noneOpen();
  });

  test('when middleware or an interceptor sends something else', async () => {
    const { server } = portless((app) =>
      app
        .get('/', () => file('big.bin'))
        .use('/', async (_request, next) => {
          await next();
          return file('big.bin');
        })
        .onResponse(() => 'other'),
    );
    expect(await (await server.fetch('/')).text()).toBe('other');
    await noneOpen();
  });

  test('when whoever fetches it without a connection cancels', async () => {
    const { server } = portless(serve);
    const response = await server.fetch('/big.bin');
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await noneOpen();
  });

  test('when the server is stopped by force', async () => {
    await using open = await openServer(serve);
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/big.bin'));
    await expect.poll(() => openFilesUnder(temp.path)).toEqual(['big.bin']);
    await open.server.shutdown({ timeoutMs: 0 });
    await noneOpen();
  });

  test('when it becomes shorter while it is sent, and the connection is cut', async () => {
    await makeSparse('shrinks.bin', 64 * MIB);
    await using open = await openServer(serve);
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/shrinks.bin'));
    await expect.poll(() => openFilesUnder(temp.path)).toEqual(['shrinks.bin']);
    await truncate(temp.at('shrinks.bin'), MIB);
    client.socket.resume();
    await client.ended();
    expect(client.received.length).toBeLessThan(64 * MIB);
    await noneOpen();
    await expect.poll(() => open.log.at('error')).toHaveLength(1);
  });
});

test('a file of 500 MB is sent whole in constant memory', { timeout: 60_000 }, async () => {
  await using open = await openServer(serve);
  const response = await fetch(`http://127.0.0.1:${open.port}/huge.bin`);
  const before = process.memoryUsage.rss();
  let most = before;
  let bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    most = Math.max(most, process.memoryUsage.rss());
  }
  expect([response.headers.get('content-length'), bytes]).toEqual([String(500 * MIB), 500 * MIB]);
  expect(most - before).toBeLessThan(150 * MIB);
  await noneOpen();
});

test('a client that does not read keeps no more than its buffers in memory', async () => {
  await using open = await openServer(serve);
  const before = process.memoryUsage.rss();
  await using client = await RawClient.open(open.port);
  client.socket.pause();
  client.send(get('/huge.bin'));
  await once(client.socket, 'readable', { signal: AbortSignal.timeout(10_000) });
  await using other = await RawClient.open(open.port);
  for (let round = 1; round <= 50; round++) await other.send(get('/small.txt')).responses(round);
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MIB);
});
