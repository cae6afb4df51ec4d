import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HttpServer } from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { openServer } from '../support/open-server.ts';
import { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let child: ChildProcess | undefined;

beforeEach(async () => {
  temp = await TempFolder.create();
  await mkdir(temp.at('root', 'shared'), { recursive: true });
  await mkdir(temp.at('outside'));
  await temp.write('root/index.html', 'home');
  for (const [folder, text] of [
    ['root/shared', 'inside'],
    ['outside', 'outside'],
  ] as const)
    for (const name of ['a.txt', 'a.txt.br', 'index.html']) await temp.write(`${folder}/${name}`, text);
});

afterEach(async () => {
  if (child !== undefined) {
    child.kill('SIGKILL');
    await once(child, 'exit');
    child = undefined;
  }
  await temp[Symbol.asyncDispose]();
});

/** Runs a script over and over in another process, in the folder of the test. */
async function keepDoing(script: string): Promise<void> {
  const code = `const fs = require('node:fs'); process.chdir(process.argv[1]); process.stdout.write('ready'); for (;;) { ${script} }`;
  child = spawn(process.execPath, ['-e', code, temp.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
}

/** What a client is told, until it was told of one answer at least, and for so many rounds. */
async function askOften(
  server: HttpServer,
  paths: readonly string[],
  rounds: number,
  until: string,
): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  const ask = async (path: string): Promise<void> => {
    const response = await server.fetch(path, { headers: { 'accept-encoding': 'br' } });
    const body = await response.text();
    const text = response.status === 200 ? body : String(response.status);
    seen.set(text, (seen.get(text) ?? 0) + 1);
  };
  for (let round = 0; round < rounds || !seen.has(until); round++)
    await Promise.all(Array.from({ length: 6 }, () => paths.map(ask)).flat());
  return seen;
}

test.each([false, true])(
  'while a folder is swapped for a link that leads out, nothing of outside is sent (precompressed: %s)',
  async (precompressed) => {
    await keepDoing(`
      fs.renameSync('root/shared', 'root/aside');
      fs.symlinkSync('../outside', 'root/shared');
      fs.unlinkSync('root/shared');
      fs.renameSync('root/aside', 'root/shared');`);
    await using open = await openServer((server) => server.files('/', temp.at('root'), { precompressed }));
    const seen = await askOften(open.server, ['/shared/a.txt', '/shared/', '/shared'], 100, 'inside');
    expect([...seen.keys()].filter((text) => !['inside', '301', '404'].includes(text))).toEqual([]);
    expect(open.log.at('error')).toEqual([]);
    await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
  },
);

test('while files are replaced and removed, each is sent whole or not at all', async () => {
  await keepDoing(`
    for (const text of ['old', 'longer than old']) {
      fs.writeFileSync('root/new', text);
      fs.renameSync('root/new', 'root/page.txt');
    }
    fs.unlinkSync('root/page.txt');
    fs.mkdirSync('root/page.txt');
    fs.rmdirSync('root/page.txt');`);
  await using open = await openServer((server) => server.files('/', temp.at('root')));
  const seen = await askOften(open.server, ['/page.txt', '/page.txt/', '/index.html'], 100, 'old');
  expect([...seen.keys()].filter((text) => !['old', 'longer than old', 'home', '404'].includes(text))).toEqual([]);
  expect(seen.get('home')).toBeGreaterThanOrEqual(600);
  expect(open.log.at('error')).toEqual([]);
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
});

test('a link to a release may be given the next one, and the release before be removed', async () => {
  for (const release of ['one', 'two']) {
    await mkdir(temp.at(release));
    await temp.write(`${release}/index.html`, release);
  }
  await symlink('one', temp.at('current'));
  await using open = await openServer((server) => server.files('/', temp.at('current')));
  expect(await (await open.server.fetch('/')).text()).toBe('one');
  await symlink('two', temp.at('next'));
  await rename(temp.at('next'), temp.at('current'));
  await rm(temp.at('one'), { recursive: true });
  expect(await (await open.server.fetch('/')).text()).toBe('two');
});

test('a link to a release that is given another one shows nothing hidden, wherever links lead', async () => {
  for (const release of ['one', 'two']) {
    await mkdir(temp.at(release));
    await temp.write(`${release}/page.txt`, release);
    await temp.write(`${release}/.secret`, 'secret');
    await symlink('.secret', temp.at(release, 'plain.txt'));
  }
  await symlink('one', temp.at('current'));
  await using open = await openServer((server) => server.files('/', temp.at('current'), { symlinks: 'follow' }));
  const ask = async (path: string): Promise<string> => (await open.server.fetch(path)).text();
  expect(await ask('/page.txt')).toBe('one');
  await symlink('two', temp.at('next'));
  await rename(temp.at('next'), temp.at('current'));
  expect([await ask('/plain.txt'), await ask('/page.txt')]).toEqual([expect.stringContaining('404'), 'two']);
});

test('a folder that is gone is as if it were not served, until it is there again', async () => {
  await using open = await openServer((server) => server.files('/', temp.at('root')));
  const status = async (): Promise<number> => (await open.server.fetch('/shared/a.txt')).status;
  expect(await status()).toBe(200);
  await rename(temp.at('root'), temp.at('away'));
  expect([await status(), await status()]).toEqual([404, 404]);
  await symlink('outside', temp.at('root'));
  expect(await status()).toBe(404);
  await rm(temp.at('root'));
  await rename(temp.at('away'), temp.at('root'));
  expect(await status()).toBe(200);
  expect(open.log.at('error')).toEqual([]);
});
