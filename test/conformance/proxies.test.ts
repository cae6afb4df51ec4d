import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpServer } from 'portlight';
import { deferred } from '../../packages/portlight/test/support/deferred.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { findProgram } from './find-program.ts';
import { LANES } from './lanes.ts';
import { PROXIES } from './proxy-kinds.ts';
import { isSkipped, ProxyProcess } from './proxy-process.ts';
import { SMUGGLING } from './smuggling-attempts.ts';

const LARGE_BYTES = 20_000_000;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

test.skipIf(PROXIES.some(isSkipped))('nginx and HAProxy are installed', () => {
  expect(PROXIES.filter(({ program }) => findProgram(program) === undefined)).toEqual([]);
});

const COMBINATIONS = LANES.flatMap((lane) => PROXIES.map((kind) => ({ lane, kind })));

for (const { lane, kind } of COMBINATIONS)
  describe.skipIf(isSkipped(kind))(`${kind.name} before the lane ${lane.name}`, () => {
    const seen: string[] = [];
    const gate = deferred();
    const begun = deferred();
    let open: OpenServer | undefined;
    let proxy: ProxyProcess | undefined;

    const app = (server: HttpServer): unknown =>
      server
        .use((request, next) => {
          seen.push(`${request.method} ${request.path}`);
          return next();
        })
        .get('/', () => 'Hello')
        .get('/smuggled', () => 'smuggled')
        .get('/large', () =>
          (function* () {
            for (let left = LARGE_BYTES; left > 0; left -= CHUNK.length)
              yield left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
          })(),
        )
        .get('/steps', async function* () {
          yield 'first';
          await gate.promise;
          yield 'second';
        })
        .get('/slow', async () => {
          begun.resolve();
          await gate.promise;
          return 'slow';
        })
        .post('/echo', (request) => request.text())
        .post('/count', { maxBodyBytes: LARGE_BYTES }, async (request) => {
          let bytes = 0;
          for await (const chunk of request.stream() as unknown as AsyncIterable<Uint8Array>) bytes += chunk.byteLength;
          return bytes;
        });

    beforeAll(async () => {
      open = await openServer(app, lane.options);
      proxy = await ProxyProcess.start(kind, open.port);
    });
    afterAll(async () => {
      await proxy?.[Symbol.asyncDispose]();
      await open?.[Symbol.asyncDispose]();
    });
    const proxyPort = (): number => proxy?.port ?? 0;
    const url = (path: string): string => `http://127.0.0.1:${proxyPort()}${path}`;

    test('passes requests on over connections that stay open', async () => {
      const before = (await count(open)) ?? 0;
      await using client = await RawClient.open(proxyPort());
      for (let index = 1; index <= 50; index++) {
        const response = (await client.send(get('/')).responses(index)).at(-1);
        expect([response?.status, response?.body]).toEqual([200, 'Hello']);
      }
      expect((await count(open)) - before).toBeLessThanOrEqual(4);
    });

    test.each(SMUGGLING)('lets nothing be smuggled: %s', async (_what, bytes) => {
      seen.length = 0;
      await using client = await RawClient.open(proxyPort());
      client.send(bytes).sendFin();
      const text = await client.ended();
      expect(seen.filter((each) => each.endsWith('/smuggled'))).toEqual([]);
      expect((text.match(/^HTTP\/1\.[01] [2-5]/gm) ?? []).length).toBeLessThanOrEqual(2);
      // The connections between proxy and server are in step: everybody gets what he asked for.
      const answers = await Promise.all(
        Array.from(
          { length: 4 },
          async (_, index) => await (await fetch(url('/echo'), { method: 'POST', body: `mine ${index}` })).text(),
        ),
      );
      expect(answers).toEqual(['mine 0', 'mine 1', 'mine 2', 'mine 3']);
    });

    test('passes on a large upload and a large download', async () => {
      const upload = await fetch(url('/count'), { method: 'POST', body: Buffer.alloc(LARGE_BYTES) });
      expect(await upload.text()).toBe(String(LARGE_BYTES));
      expect((await (await fetch(url('/large'))).arrayBuffer()).byteLength).toBe(LARGE_BYTES);
    });

    test('lets a client read 413, of a declared length and of chunks', async () => {
      for (const headers of [{ 'content-length': 2_000_000 }, { 'transfer-encoding': 'chunked' }]) {
        const request = httpRequest(url('/echo'), { method: 'POST', headers });
        // The answer may come while the body is on its way, and the connection end then.
        request.on('error', () => {});
        request.end(Buffer.alloc(2_000_000));
        const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }];
        expect(response.statusCode).toBe(413);
        response.resume();
      }
      expect(await (await fetch(url('/'))).text()).toBe('Hello');
    });

    test('passes on the parts of a stream when they are there', async () => {
      const response = await fetch(url('/steps'));
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('first');
      gate.resolve();
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('second');
      expect((await reader.read()).done).toBe(true);
    });

    test('gets every answer that is under way when the server stops', async () => {
      const slow = fetch(url('/slow'));
      await begun.promise;
      const report = open?.server.shutdown({ timeoutMs: 10_000 });
      const response = await slow;
      expect([response.status, await response.text()]).toEqual([200, 'slow']);
      expect(await report).toMatchObject({ forced: 0 });
    });
  });

function count(open: OpenServer | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    open?.server
      .getSocket()
      ?.getConnections((error, connections) => (error === null ? resolve(connections) : reject(error)));
  });
}
