import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpResponse } from '../../src/index.ts';
import { findOpenFile, followAgain } from '../../src/response/find-open-file.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { portless } from '../support/open-server.ts';
import { TempFolder } from '../support/temp-folder.ts';

/** Swaps the folder `shared` of a root for a link that leads out of it, and back, as fast as it can. */
const SWAP = `
  const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
  const [shared, aside, outside] = process.argv.slice(1);
  process.stdout.write('ready');
  for (;;) {
    renameSync(shared, aside);
    symlinkSync(outside, shared);
    unlinkSync(shared);
    renameSync(aside, shared);
  }`;

let temp: TempFolder;
let swapper: ChildProcess;

beforeAll(async () => {
  temp = await TempFolder.create();
  await mkdir(temp.at('root', 'shared'), { recursive: true });
  await mkdir(temp.at('outside'));
  for (const [folder, text] of [
    ['root/shared', 'inside'],
    ['outside', 'outside'],
  ] as const) {
    await temp.write(`${folder}/a.txt`, text);
    await temp.write(`${folder}/a.txt.br`, text);
  }
  swapper = spawn(
    process.execPath,
    ['-e', SWAP, temp.at('root', 'shared'), temp.at('root', 'aside'), temp.at('outside')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(swapper.stdout as NodeJS.ReadableStream, 'data');
});

afterAll(async () => {
  swapper.kill('SIGKILL');
  await once(swapper, 'exit');
  await temp[Symbol.asyncDispose]();
});

test.each([false, true])(
  'while a folder is swapped for a link out of the root, no file of outside is sent (precompressed: %s)',
  async (precompressed) => {
    const { server } = portless((app) =>
      app.get('/*path', (request) => HttpResponse.file(request.params.path, { root: temp.at('root'), precompressed })),
    );
    const seen = new Map<string, number>();
    const ask = async (): Promise<void> => {
      const response = await server.fetch('/shared/a.txt', { headers: { 'accept-encoding': 'br' } });
      const text = response.status === 200 ? await response.text() : String(response.status);
      seen.set(text, (seen.get(text) ?? 0) + 1);
    };
    for (let round = 0; round < 150 || seen.size < 2; round++) await Promise.all(Array.from({ length: 20 }, ask));
    expect([...seen.keys()].sort()).toEqual(['404', 'inside']);
    await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
  },
);

test('an open file is found where it lies, though another has its place', async () => {
  const path = await temp.write('root/first.txt', 'first');
  await using handle = await open(path);
  expect([await findOpenFile(handle.fd, path), await followAgain(handle.fd, path)]).toEqual([path, path]);
  await rm(path);
  await symlink(temp.at('outside', 'a.txt'), path);
  expect(await followAgain(handle.fd, path)).toBe(undefined);
  await rm(path);
  expect(await followAgain(handle.fd, path)).toBe(undefined);
});

test('a file that is replaced by another while it is sent is sent whole', async () => {
  const path = await temp.write('root/page.txt', 'old');
  await using handle = await open(path);
  await rename(await temp.write('root/new.txt', 'new'), path);
  expect(process.platform !== 'linux' || (await findOpenFile(handle.fd, path)) === path).toBe(true);
});
