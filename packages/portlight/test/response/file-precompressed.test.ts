import { mkdir, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpResponse, type HttpServer } from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { portless } from '../support/open-server.ts';
import { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let server: HttpServer;

beforeAll(async () => {
  temp = await TempFolder.create();
  for (const name of ['a.js', 'a.js.br', 'a.js.gz', 'b.js', 'b.js.gz', 'c.js', 'only.js.br', 'd.js', 'e.js'])
    await temp.write(name, name);
  await mkdir(temp.at('d.js.br'));
  await symlink('/etc/passwd', temp.at('e.js.br'));
  ({ server } = portless((app) =>
    app
      .get('/:name', (request) => HttpResponse.file(request.params.name, { root: temp.path, precompressed: true }))
      .get('/plain/:name', (request) => HttpResponse.file(request.params.name, { root: temp.path })),
  ));
});

afterAll(() => temp[Symbol.asyncDispose]());

async function ask(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ readonly text: string; readonly status: number; readonly headers: Headers }> {
  const response = await server.fetch(path, { headers });
  return { text: await response.text(), status: response.status, headers: response.headers };
}

test.each<[string, string | undefined, string, string | null]>([
  ['/a.js', undefined, 'a.js', null],
  ['/a.js', 'br', 'a.js.br', 'br'],
  ['/a.js', 'gzip', 'a.js.gz', 'gzip'],
  ['/a.js', 'gzip, deflate, br, zstd', 'a.js.br', 'br'],
  ['/a.js', 'gzip, br;q=0.5', 'a.js.gz', 'gzip'],
  ['/a.js', 'br;q=0, gzip', 'a.js.gz', 'gzip'],
  ['/a.js', 'br;q=0, gzip;q=0', 'a.js', null],
  ['/a.js', '*', 'a.js.br', 'br'],
  ['/a.js', '*;q=0', 'a.js', null],
  ['/a.js', 'br;q=0, *', 'a.js.gz', 'gzip'],
  ['/a.js', 'identity', 'a.js', null],
  ['/a.js', 'identity, br;q=0.5', 'a.js', null],
  ['/a.js', 'zstd', 'a.js', null],
  ['/a.js', '', 'a.js', null],
  ['/b.js', 'br, gzip', 'b.js.gz', 'gzip'],
  ['/b.js', 'br', 'b.js', null],
  ['/c.js', 'br, gzip', 'c.js', null],
  ['/d.js', 'br', 'd.js', null],
  ['/e.js', 'br', 'e.js', null],
])('%s for Accept-Encoding %j is %s (%s)', async (path, accept, text, coding) => {
  const answer = await ask(path, accept === undefined ? {} : { 'accept-encoding': accept });
  expect([answer.text, answer.headers.get('content-encoding'), answer.headers.get('vary')]).toEqual([
    text,
    coding,
    'Accept-Encoding',
  ]);
  expect([answer.headers.get('content-type'), answer.headers.get('content-length')]).toEqual([
    'text/javascript; charset=utf-8',
    String(text.length),
  ]);
});

test('a variant is taken only where the option says so, and varies only there', async () => {
  const { text, headers } = await ask('/plain/a.js', { 'accept-encoding': 'br' });
  expect([text, headers.get('content-encoding'), headers.get('vary')]).toEqual(['a.js', null, null]);
});

test('a variant without its file is nothing', async () => {
  expect((await ask('/only.js', { 'accept-encoding': 'br' })).status).toBe(404);
});

test('each variant has a tag of its own', async () => {
  const tags = await Promise.all(
    ['', 'br', 'gzip'].map(async (accept) => (await ask('/a.js', { 'accept-encoding': accept })).headers.get('etag')),
  );
  expect(new Set(tags).size).toBe(3);
  const [, br] = tags as string[];
  expect((await ask('/a.js', { 'accept-encoding': 'br', 'if-none-match': br as string })).status).toBe(304);
  expect((await ask('/a.js', { 'accept-encoding': 'gzip', 'if-none-match': br as string })).status).toBe(200);
  expect((await ask('/a.js', { 'accept-encoding': 'br', 'if-none-match': br as string })).headers.get('vary')).toBe(
    'Accept-Encoding',
  );
});

test('a range is one of the variant', async () => {
  const { status, text, headers } = await ask('/a.js', { 'accept-encoding': 'br', range: 'bytes=-3' });
  expect([status, text, headers.get('content-range'), headers.get('content-encoding')]).toEqual([
    206,
    '.br',
    'bytes 4-6/7',
    'br',
  ]);
});

test('a Vary of the app names the encoding as well', async () => {
  const own = portless((app) =>
    app.get('/', () =>
      HttpResponse.file('a.js', { root: temp.path, precompressed: true, headers: { vary: 'Origin' } }),
    ),
  );
  const response = await own.server.fetch('/', { headers: { 'accept-encoding': 'br' } });
  await response.text();
  expect(response.headers.get('vary')?.toLowerCase().split(/, */)).toEqual(['origin', 'accept-encoding']);
});

test('all of these leave no file open', async () => {
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
});
