import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HttpResponse, type HttpServer, Router } from '../../src/index.ts';
import { Descriptor } from '../../src/response/descriptor.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';
import { TempFolder } from '../support/temp-folder.ts';

const OF_A_PAGE = 'accept: text/html';
let temp: TempFolder;

beforeEach(async () => {
  temp = await TempFolder.create();
  for (const name of ['index.html', 'a.txt']) await temp.write(name, name);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await temp[Symbol.asyncDispose]();
});

/** A folder of a router that has an error handler and a field of its own, in an app that has both too. */
function serve(app: HttpServer): void {
  const router = new Router()
    .setHeader('x-of', 'router')
    .use(async (_asked, next) => {
      const response = await next();
      return response.header('x-seen', 'yes');
    })
    .error((error) => HttpResponse.text(`router: ${(error.cause as NodeJS.ErrnoException).code}`, { status: 500 }))
    .files('/', temp.path, { fallback: 'index.html' });
  app
    .setHeader('x-of', 'app')
    .error(() => HttpResponse.text('app', { status: 500 }))
    .mount('/files', router);
}

function failWith(code: string, method: 'open' | 'read'): void {
  const error = Object.assign(new Error(`${code}: the disk`), { code });
  if (method === 'open') vi.spyOn(Descriptor, 'open').mockRejectedValue(error);
  else vi.spyOn(Descriptor.prototype, 'read').mockRejectedValue(error);
}

test.each([
  ['EIO', 'open'],
  ['EMFILE', 'open'],
  ['ENFILE', 'open'],
  ['EIO', 'read'],
] as const)('%s of an %s is answered by the router that registered the folder', async (code, method) => {
  await using open = await openServer(serve);
  failWith(code, method);
  for (const path of ['/files/a.txt', '/files/']) {
    await using client = await RawClient.open(open.port);
    const { body, headers, status } = await client.send(get(path)).response();
    expect([status, body, headers.get('x-of'), headers.get('x-seen')]).toEqual([
      500,
      `router: ${code}`,
      'router',
      'yes',
    ]);
  }
  expect(open.log.at('error')).toHaveLength(2);
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
});

test('so it is where the page fails that stands in for a file, and to who asks by another method', async () => {
  await using open = await openServer(serve);
  failWith('EIO', 'open');
  await using client = await RawClient.open(open.port);
  const [page, posted] = await client
    .send(get('/files/nowhere', OF_A_PAGE) + request('DELETE', '/files/a.txt'))
    .responses(2);
  expect([page?.body, posted?.body]).toEqual(['router: EIO', 'router: EIO']);
});

test.each(['EACCES', 'EPERM', 'ENOENT', 'ENAMETOOLONG'])(
  '%s says that there is nothing that could be read: a 404',
  async (code) => {
    await using open = await openServer((app) => app.files('/', temp.path));
    failWith(code, 'open');
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/a.txt')).response()).status).toBe(404);
    expect(open.log.at('error')).toEqual([]);
  },
);
