import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pack, type Packed } from './pack.ts';
import { runProgram, runScript } from './run-program.ts';

const APP = fileURLToPath(new URL('apps/socket-io/', import.meta.url));

let folder: string;
let packed: Packed;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portlight-socket-io-'));
  packed = await pack(folder, 'socket.io');
});

afterAll(() => rm(folder, { recursive: true }));

test('publint and attw find nothing in the package for Socket.IO', async () => {
  await runScript('publint/src/cli.js', ['run', packed.tarball, '--strict'], folder);
  await runScript('@arethetypeswrong/cli/dist/index.js', [packed.tarball, '--profile', 'esm-only'], folder);
  expect(packed.files).toContain('dist/index.js');
});

describe('in an empty app with socket.io beside it', () => {
  let app: string;

  beforeAll(async () => {
    app = join(folder, 'app');
    await cp(APP, app, { recursive: true });
    const { tarball } = await pack(folder);
    const catalog = await readFile(new URL('../../pnpm-workspace.yaml', import.meta.url), 'utf8');
    const [, version] = /\n {2}socket\.io: (.+)/.exec(catalog) ?? [];
    const peers = [`socket.io@${version}`, `socket.io-client@${version}`];
    await runProgram('npm', ['install', '--no-audit', '--no-fund', tarball, packed.tarball, ...peers], app);
  }, 60_000);

  test.each(['typescript59', 'typescript'])(
    'it compiles with %s and runs',
    async (typescript) => {
      await runScript(`${typescript}/bin/tsc`, ['--outDir', typescript], app);
      expect(await runProgram(process.execPath, [join(typescript, 'app.js')], app)).toBe('Hello, 7!\n0\n');
      // TypeScript 5.9 reads the types of all that socket.io brings.
    },
    180_000,
  );

  test('there is one engine, that of socket.io', async () => {
    expect(await runProgram('npm', ['ls', 'engine.io', 'socket.io-adapter', '--parseable'], app)).toMatch(
      /^.*\/engine\.io\n.*\/socket\.io-adapter\n$/,
    );
  });
});
