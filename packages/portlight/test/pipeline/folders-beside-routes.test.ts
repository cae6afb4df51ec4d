import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpServer } from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { openServer, portless } from '../support/open-server.ts';
import { RawClient, request } from '../support/raw-client.ts';
import { TempFolder } from '../support/temp-folder.ts';

const HTML = { accept: 'text/html,*/*;q=0.8' };
let temp: TempFolder;

beforeAll(async () => {
  temp = await TempFolder.create();
  await mkdir(temp.at('docs'));
  for (const name of ['index.html', 'app.js', 'docs/index.html', 'data']) await temp.write(name, name);
});
afterAll(() => temp[Symbol.asyncDispose]());

async function vary(server: HttpServer, path: string, init: RequestInit = {}): Promise<string | null> {
  const response = await server.fetch(path, init);
  await response.text();
  return response.headers.get('vary');
}

test('a page that stands in for a file, and what is answered in its place, say that they depend on Accept', async () => {
  const { server } = portless((app) =>
    app
      .post('/items', () => 'made')
      .events('/feed', () => undefined)
      .files('/', temp.path, { fallback: 'index.html' }),
  );
  for (const path of ['/page', '/items', '/feed']) {
    expect([path, await vary(server, path, { headers: HTML })]).toEqual([path, 'Accept']);
    expect([path, await vary(server, path)]).toEqual([path, 'Accept']);
    expect([path, await vary(server, path, { method: 'HEAD' })]).toEqual([path, 'Accept']);
    expect([path, await vary(server, path, { method: 'DELETE' })]).toEqual([path, null]);
  }
  expect(await vary(server, '/app.js', { headers: HTML })).toBe(null);
});

test('what is answered in place of a page keeps the Vary of middleware; without a fallback there is none', async () => {
  const register = (app: HttpServer, options = {}): unknown =>
    app.files('/', temp.path, options).use(async (_request, next) => {
      const response = await next();
      response.headers.append('vary', 'Origin');
      return response;
    });
  const { server } = portless((app) => register(app, { fallback: 'index.html' }));
  for (let round = 0; round < 2; round++) expect(await vary(server, '/page')).toBe('Accept, Origin');
  expect(await vary(portless(register).server, '/page')).toBe('Origin');
});

test.each<[string, string, number, string]>([
  ['GET', '/', 200, 'routed'],
  ['GET', '/data', 200, 'data'],
  ['GET', '/docs/', 200, 'docs/index.html'],
  ['PUT', '/app.js', 200, 'put'],
  ['POST', '/app.js', 405, 'GET, HEAD, OPTIONS, PUT'],
  ['OPTIONS', '/app.js', 204, 'GET, HEAD, OPTIONS, PUT'],
  ['PROPFIND', '/index.html', 405, 'GET, HEAD, OPTIONS'],
  ['DELETE', '/docs', 405, 'GET, HEAD, OPTIONS'],
  ['POST', '/nope', 404, ''],
  ['OPTIONS', '/nope', 404, ''],
])('beside routes of all kinds %s %s is answered %i %j', async (method, path, status, text) => {
  const { server } = portless((app) =>
    app
      .get('/', () => 'routed')
      .put('/app.js', () => 'put')
      .accept('/docs/', () => undefined)
      .events('/data', () => undefined)
      .files('/', temp.path),
  );
  const response = await server.fetch(path, { method });
  const body = await response.text();
  expect([response.status, response.headers.get('allow') ?? (status === 200 ? body : '')]).toEqual([status, text]);
});

test('another method on a file is counted by the limits of its router, and spends nothing of the files', async () => {
  const { server } = portless((app) =>
    app.files('/', temp.path, { rateLimit: { max: 1, windowSeconds: 60 } }).get('/routed', () => 'routed'),
  );
  const statuses: number[] = [];
  for (const [method, path] of [
    ['POST', '/app.js'],
    ['GET', '/app.js'],
    ['POST', '/app.js'],
    ['GET', '/none'],
    ['GET', '/routed'],
  ] as const) {
    const response = await server.fetch(path, { method });
    await response.text();
    statuses.push(response.status);
  }
  expect(statuses).toEqual([405, 200, 405, 404, 200]);
});

test('OPTIONS * tells of the methods of files', async () => {
  await using open = await openServer((app) => app.files('/', temp.path));
  await using client = await RawClient.open(open.port);
  const { status, headers } = await client.send(request('OPTIONS', '*')).response();
  expect([status, headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
});

test('guards that refuse, and middleware that comes too late, leave no file open and no error in the log', async () => {
  const refusing = portless((app) => app.setRateLimit(1, 60).files('/', temp.path));
  for (let round = 0; round < 20; round++) await (await refusing.server.fetch('/app.js')).text();
  let ended = 0;
  const late = portless(
    (app) =>
      app.files('/', temp.path, {
        use: [
          async (each, next) => {
            await new Promise((resolve) => each.signal.addEventListener('abort', resolve));
            // Until the answer has left.
            await new Promise(setImmediate);
            const response = await next();
            ended += 1;
            return response;
          },
        ],
      }),
    { handlerTimeoutMs: 20 },
  );
  const response = await late.server.fetch('/app.js');
  await response.text();
  expect(response.status).toBe(503);
  await expect.poll(() => ended).toBe(1);
  expect(late.log.at('error').map(({ message }) => message)).toEqual(['A handler took longer than it may.']);
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
});

test('a client that leaves while a file is looked for leaves none open', async () => {
  await using open = await openServer((app) => app.setRateLimit(1, 60).files('/', temp.path));
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      await using client = await RawClient.open(open.port);
      client.send(request('GET', '/app.js')).reset();
    }),
  );
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
  expect(open.log.at('error')).toEqual([]);
});
