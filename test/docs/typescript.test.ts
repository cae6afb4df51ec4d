import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MarkdownPage, REPOSITORY } from './markdown-page.ts';

const PAGE = new MarkdownPage('docs/how-to/typescript.md');
const load = createRequire(import.meta.url);
const loadForTests = createRequire(new URL('../e2e/package.json', import.meta.url));

/** What the page has installed. */
const INSTALLED: Readonly<Record<string, string>> = {
  portlight: join(REPOSITORY, 'packages/portlight'),
  typescript: dirname(load.resolve('typescript/package.json')),
  tsx: dirname(loadForTests.resolve('tsx/package.json')),
  '@types/node': dirname(load.resolve('@types/node/package.json')),
};

/** How the page starts the app, and whether that is a matter of the version of Node.js. */
const WAYS = [
  { way: 'node', isNewer: true, args: ['src/server.ts'] },
  { way: 'tsx', isNewer: false, args: ['node_modules/tsx/dist/cli.mjs', 'src/server.ts'] },
  { way: 'tsc', isNewer: false, args: ['dist/server.js'] },
] as const;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portlight-typescript-'));
  await mkdir(join(folder, 'node_modules/@types'), { recursive: true });
  await mkdir(join(folder, 'src'));
  for (const [name, target] of Object.entries(INSTALLED)) await symlink(target, join(folder, 'node_modules', name));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const { file = '', code } of PAGE.blocks.filter((block) => block.file !== undefined))
    await writeFile(join(folder, file === 'tsconfig.json' ? file : `src/${file}`), code);
  await writeFile(join(folder, 'src/workers.ts'), codeOf('server.ts').replace('run()', "run({ mode: 'workers' })"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.for(['20', '22', '24'])('with Node.js %s', (line) => {
  const node = findNode(line);

  let compiled: { readonly stdout: string; readonly status: number | null } | undefined;
  beforeAll(() => {
    if (node === undefined) return;
    compiled = spawnSync(node, ['node_modules/typescript/bin/tsc'], { cwd: folder, encoding: 'utf8' });
  });

  test.skipIf(node === undefined)('TypeScript has nothing to say', () => {
    expect(compiled).toMatchObject({ stdout: '', status: 0 });
  });

  const ways = WAYS.filter(({ isNewer }) => !isNewer || line !== '20');
  const cases = ways.flatMap((way) => ['server', 'workers'].map((file) => ({ ...way, file })));

  test.skipIf(node === undefined).each(cases)('$way runs $file, and it ends well', async ({ args, file }) => {
    await using app = start(
      node as string,
      args.map((arg) => arg.replace('server', file)),
    );
    const base = await app.base;
    expect(await (await fetch(`${base}/users/ada`)).json()).toEqual({ id: 'ADA' });
    app.child.kill('SIGTERM');
    expect(await app.closed).toEqual([0, null]);
  });
});

function codeOf(name: string): string {
  const block = PAGE.blocks.find(({ file }) => file === name);
  if (block === undefined) throw new Error(`The page has no ${name}.`);
  return block.code;
}

interface App extends AsyncDisposable {
  readonly child: ChildProcessByStdio<null, null, Readable>;
  readonly closed: Promise<unknown>;
  /** Where it says that it listens. */
  readonly base: Promise<string>;
}

function start(node: string, args: readonly string[]): App {
  const child = spawn(node, args, {
    cwd: folder,
    env: { ...process.env, PORT: '0', NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  let said = '';
  const base = new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
    void closed.then(() => reject(new Error(`It ended: ${said}`)));
  });
  return {
    child,
    closed,
    base,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** This Node.js, or the one that `pnpm test:nodes` has fetched. */
function findNode(line: string): string | undefined {
  if (process.versions.node.startsWith(`${line}.`)) return process.execPath;
  const fetched = join(REPOSITORY, `node_modules/.cache/node-${line}/node_modules/node/bin/node`);
  if (existsSync(fetched)) return fetched;
  process.stderr.write(
    `\n!!! SKIPPED: TypeScript with Node.js ${line}, which is not here (pnpm test:nodes ${line}).\n\n`,
  );
  return undefined;
}
