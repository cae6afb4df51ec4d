import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpServer } from 'portlight';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXAMPLES_FOLDER } from './example.ts';

const NAME = /^[0-9a-f-]{36}\.png$/;

let folder: string;
let server: HttpServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portlight-uploads-'));
  process.env['UPLOADS'] = folder;
  const compiled = join(EXAMPLES_FOLDER, 'out/docs__how-to__keep-uploads.md/photos.js');
  ({ server } = (await import(/* @vite-ignore */ compiled)) as { server: HttpServer });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function post(bytes: number, type: string): Promise<Response> {
  const body = new FormData();
  body.set('title', 'Harbour');
  body.set('photo', new File([Buffer.alloc(bytes, 'x')], '../../harbour.html', { type }));
  return server.fetch('/photos', { method: 'POST', body });
}

test.for([
  [100, 'memory'],
  [1_000_000, 'a file for a while'],
] as const)('a photo of %i bytes, which was in %s, is kept under a name of ours', async ([bytes]) => {
  const response = await post(bytes, 'image/png');
  const { name, title } = (await response.json()) as { name: string; title: string };
  expect([response.status, response.headers.get('location'), title]).toEqual([201, `/photos/${name}`, 'Harbour']);
  expect(name).toMatch(NAME);
  expect((await readFile(join(folder, name))).equals(Buffer.alloc(bytes, 'x'))).toBe(true);

  const sent = await server.fetch(`/photos/${name}`);
  expect([sent.headers.get('content-type'), sent.headers.get('x-content-type-options')]).toEqual([
    'image/png',
    'nosniff',
  ]);
  expect((await sent.arrayBuffer()).byteLength).toBe(bytes);
});

test.for([
  ['a page', 100, 'text/html', 415],
  ['nothing', 0, 'image/png', 400],
  ['too much', 9_500_000, 'image/png', 413],
] as const)('%s is refused, and leaves nothing', async ([, bytes, type, status]) => {
  const before = await readdir(folder);
  expect((await post(bytes, type)).status).toBe(status);
  expect(await readdir(folder)).toEqual(before);
});

test('what is not kept whole has no name', async () => {
  expect((await server.fetch('/photos/.half.png')).status).toBe(404);
  expect((await server.fetch('/photos/..%2Fphotos.js')).status).toBe(404);
});
