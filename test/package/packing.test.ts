import { readdirSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderOf, pack } from './pack.ts';
import { runProgram, runScript } from './run-program.ts';

const APPS = fileURLToPath(new URL('apps/', import.meta.url));

let folder: string;
let tarball: string;
let files: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portlight-package-'));
  ({ tarball, files } = await pack(folder));
});

afterAll(() => rm(folder, { recursive: true }));

test('the tarball holds a file of code for each entry and what they share, the types of src, and what is said of them', () => {
  const compiled = [
    ...declarationsOf(join(folderOf('portlight'), 'src'), 'dist'),
    // Named by ours, and installed by nobody.
    ...declarationsOf(join(folderOf('portlight'), '../rate-limit/src'), 'dist/rate-limit'),
  ];
  const code = ['dist/guests.js', 'dist/index.js', 'dist/shared.js', 'dist/testing.js'];
  const about = ['LICENSE', 'README.md', 'package.json', 'dist/THIRD-PARTY-LICENSES.txt', 'dist/portlight.cdx.json'];
  expect(files.toSorted(), 'If dist holds what src no longer has, delete dist.').toEqual(
    [...about, ...code, ...compiled].toSorted(),
  );
});

/** The declarations that a folder of sources becomes. */
function declarationsOf(source: string, folder: string): readonly string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path.replaceAll(sep, '/').replace(/\.ts$/, '.d.ts')}`);
}

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
