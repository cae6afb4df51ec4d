import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import type { Plugin } from 'rollup';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { HAS_REDIS, RedisServer } from '../../packages/redis/test/support/redis-server.ts';
import { RunningProgram } from '../e2e/run-program.ts';
import { bundleByEsbuild, bundleByRollup } from './bundle.ts';
import { folderOf, pack, type Packed, unpack } from './pack.ts';
import { runProgram, runScript } from './run-program.ts';

const APPS = fileURLToPath(new URL('apps/', import.meta.url));

const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
// Their types say that they are CommonJS, which they are not.
const PLUGINS = [commonjs, json] as unknown as readonly (() => Plugin)[];

/** With what a bundler needs for the client of Redis, which is CommonJS; see docs/how-to/bundling.md. */
const BUNDLERS: Readonly<Record<string, (app: string, into: string) => Promise<string>>> = {
  'esbuild, ESM': (app, into) => bundleByEsbuild('esm', app, into, REQUIRE),
  'esbuild, CommonJS': (app, into) => bundleByEsbuild('cjs', app, into),
  rollup: (app, into) =>
    bundleByRollup(
      app,
      into,
      PLUGINS.map((make) => make()),
    ),
};

let folder: string;
let framework: Packed;
let packed: Packed;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portlight-redis-package-'));
  framework = await pack(folder);
  packed = await pack(folder, 'redis');
});

afterAll(() => rm(folder, { recursive: true }));

test('the tarball holds one file of code, the types of what it exports, and what is said of them', () => {
  const types = ['dist/index.d.ts', 'dist/redis-options.d.ts', 'dist/redis.d.ts'];
  expect(packed.files.toSorted()).toEqual(
    ['LICENSE', 'README.md', 'dist/index.js', 'package.json', ...types].toSorted(),
  );
});

test('publint finds nothing', async () => {
  await runScript('publint/src/cli.js', ['run', packed.tarball, '--strict'], folder);
});

test('attw finds nothing', async () => {
  await runScript('@arethetypeswrong/cli/dist/index.js', [packed.tarball, '--profile', 'esm-only'], folder);
});

describe.each(['esm', 'commonjs'])('in an empty %s app', (name) => {
  let app: string;

  beforeAll(async () => {
    app = join(folder, name);
    await cp(join(APPS, name), app, { recursive: true });
    await cp(join(APPS, 'redis/app.ts'), join(app, 'app.ts'));
    await runProgram('npm', ['install', '--no-audit', '--no-fund', framework.tarball, packed.tarball], app);
  });

  test.each(['typescript59', 'typescript'])('it compiles with %s', async (typescript) => {
    await runScript(`${typescript}/bin/tsc`, ['--outDir', typescript], app);
  });

  test.runIf(HAS_REDIS)('it runs', async () => {
    await using store = await RedisServer.start();
    await runScript('typescript/bin/tsc', [], app);
    await using program = new RunningProgram(['app.js'], { NODE_OPTIONS: '', REDIS: store.url }, { cwd: app });
    expect([await program.exit, program.output]).toEqual([{ code: 0, signal: null }, '200 429\n']);
  });
});

describe.runIf(HAS_REDIS).each(Object.entries(BUNDLERS))('an app made into a file by %s', (way, make) => {
  let store: RedisServer;
  beforeAll(async () => {
    store = await RedisServer.start();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test('shares limits and topics with its like, in empty folders', async () => {
    const app = await makeApp(way);
    const programs = [join(app, 'one'), join(app, 'other')].map(async (cwd) => {
      const file = await make(app, cwd);
      return new RunningProgram([file], { NODE_OPTIONS: '', REDIS: store.url }, { cwd });
    });
    await using one = (await programs[0]) as RunningProgram;
    await using other = (await programs[1]) as RunningProgram;
    expect((await fetch(await one.url('/limited'))).status).toBe(200);
    expect((await fetch(await other.url('/limited'))).status).toBe(429);
    await fetch(await one.url('/publish'));
    await using feed = await EventClient.open(Number(new URL(await other.url()).port), '/feed');
    expect(await feed.data(1)).toEqual(['Ahoy']);
    for (const program of [one, other]) {
      program.kill('SIGTERM');
      expect(await program.exit).toEqual({ code: 0, signal: null });
      expect(program.errors).toMatch(/^\S+ INFO Listening on \S+\n$/);
    }
  });
});

/** What a bundler finds: the app with what it has installed. */
async function makeApp(name: string): Promise<string> {
  const app = join(folder, `app ${name}`.replaceAll(/\W+/g, '-'));
  await cp(join(APPS, 'redis'), app, { recursive: true });
  await writeFile(join(app, 'package.json'), '{ "type": "module" }');
  for (const [from, into] of [
    [framework, 'portlight'],
    [packed, '@portlight/redis'],
  ] as const) {
    await mkdir(join(app, 'node_modules', into), { recursive: true });
    await unpack(from.tarball, join(app, 'node_modules', into));
  }
  await mkdir(join(app, 'node_modules/@redis'), { recursive: true });
  await symlink(join(folderOf('redis'), 'node_modules/@redis/client'), join(app, 'node_modules/@redis/client'));
  return app;
}
