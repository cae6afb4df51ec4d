import { readdirSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram, runScript } from './run-program.ts';

const APPS = fileURLToPath(new URL('apps/', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../packages/portlight/', import.meta.url));

/** What `npm pack --json` says of a tarball. */
interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let tarball: string;
let files: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portlight-package-'));
  await runScript('typescript/bin/tsc', ['-b'], PACKAGE);
  await runScript('rolldown/bin/cli.mjs', ['-c'], PACKAGE);
  const output = await runProgram('npm', ['pack', '--json', '--pack-destination', folder], PACKAGE);
  const [packed] = JSON.parse(output) as [Packed];
  tarball = join(folder, packed.filename);
  files = packed.files.map(({ path }) => path);
});

afterAll(() => rm(folder, { recursive: true }));

test('the tarball holds the licence, the readme, a file of code for each entry and what they share, and the types of src', () => {
  const compiled = readdirSync(join(PACKAGE, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `dist/${path.replaceAll(sep, '/').replace(/\.ts$/, '.d.ts')}`);
  const expected = ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/shared.js', 'dist/testing.js', ...compiled].toSorted();
  expect(files.toSorted(), 'If dist holds what src no longer has, delete dist.').toEqual(expected);
});

test('publint finds nothing', async () => {
  await runScript('publint/src/cli.js', ['run', tarball, '--strict'], folder);
});

test('attw finds nothing', async () => {
  await runScript('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only'], folder);
});

describe.each(['esm', 'commonjs'])('in an empty %s app', (name) => {
  let app: string;

  beforeAll(async () => {
    app = join(folder, name);
    await cp(join(APPS, name), app, { recursive: true });
    await runProgram('npm', ['install', '--no-audit', '--no-fund', tarball], app);
  });

  test.each(['typescript59', 'typescript'])('it compiles with %s and runs', async (typescript) => {
    await runScript(`${typescript}/bin/tsc`, ['--outDir', typescript], app);
    expect(await runProgram(process.execPath, [join(typescript, 'app.js')], app)).toBe('200 Hello, 7!\n');
  });
});
