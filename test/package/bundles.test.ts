import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  type Certificate,
  hasOpenssl,
  makeCertificate,
} from '../../packages/portlight/test/support/make-certificate.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { RunningProgram } from '../e2e/run-program.ts';
import { bundleByEsbuild, bundleByRollup } from './bundle.ts';
import { FEATURE_CALLS, type Ports } from './feature-calls.ts';
import { pack, unpack } from './pack.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** What is inlined, and what ws would load beside itself, in versions that nobody can use. */
const WRONG = [
  '@fastify/busboy',
  'bufferutil',
  'content-disposition',
  'content-type',
  'cookie',
  'mime',
  'negotiator',
  'path-to-regexp',
  'utf-8-validate',
  'ws',
  'zod',
];
const canServeTls = hasOpenssl();

let folder: string;
let certificate: Certificate | undefined;

/**
 * How an app becomes what is deployed: from its folder, with its dependencies, into a file, or the folder, of its own.
 */
const WAYS: Readonly<Record<string, (app: string, into: string) => Promise<string>>> = {
  'esbuild, ESM': (app, into) => bundleByEsbuild('esm', app, into),
  'esbuild, CommonJS': (app, into) => bundleByEsbuild('cjs', app, into),
  rollup: (app, into) => bundleByRollup(app, into),
  'no bundler': async (app, into) => {
    await cp(app, into, { recursive: true });
    return 'app.js';
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portlight-bundles-'));
  const [app, files] = [join(folder, 'app'), join(folder, 'files')];
  await cp(join(HERE, 'apps/bundled'), app, { recursive: true });
  await mkdir(join(app, 'node_modules/portlight'), { recursive: true });
  await unpack((await pack(folder)).tarball, join(app, 'node_modules/portlight'));
  // The app's own dependency. What Portlight asks to be installed is for types, and is not here.
  await symlink(join(HERE, 'node_modules/zod'), join(app, 'node_modules/zod'));
  await writeFile(join(app, 'package.json'), '{ "type": "module" }');
  await mkdir(files);
  for (const [name, content] of [
    ['plain.txt', 'plain'],
    ['plain.txt.gz', gzipSync('packed')],
    ['a.docx', 'document'],
    ['a.own', 'own'],
  ] as const)
    await writeFile(join(files, name), content);
  if (canServeTls) certificate = await makeCertificate('localhost');
});

afterAll(() => rm(folder, { recursive: true }));

/** Beside the app, but for what it has installed itself. */
async function putWrongVersions(into: string): Promise<void> {
  for (const name of WRONG) {
    const place = join(into, 'node_modules', name);
    if (existsSync(place)) continue;
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'package.json'), JSON.stringify({ name, version: '99.0.0', main: 'index.js' }));
    await writeFile(
      join(place, 'index.js'),
      `console.error('${name} was loaded'); throw new Error('${name} was loaded');`,
    );
  }
}

function start(cwd: string, file: string, descriptors?: number): RunningProgram {
  const env: NodeJS.ProcessEnv = {
    FILES: join(folder, 'files'),
    NODE_OPTIONS: '',
    ...(certificate && { KEY: certificate.key, CERT: certificate.cert }),
  };
  return new RunningProgram([file], env, { cwd, ...(descriptors !== undefined && { descriptors }) });
}

async function portsOf(app: RunningProgram): Promise<Ports> {
  const [, plain, secure] = await app.said(/listening (\d+) (\d+)/);
  return { plain: Number(plain), secure: Number(secure) };
}

describe.each(Object.entries(WAYS))('an app made by %s', (way, make) => {
  let made: string;
  let file: string;

  beforeAll(async () => {
    made = join(folder, way.replaceAll(/\W+/g, '-'));
    await mkdir(made);
    file = await make(join(folder, 'app'), made);
  });

  test.each<
    [
      what: string,
      surroundings: { readonly isGone?: boolean; readonly isAmongWrong?: boolean; readonly descriptors?: number },
    ]
  >([
    ['in an empty folder that is gone when the first client comes', { isGone: true }],
    ['beside wrong versions of all libraries', { isAmongWrong: true }],
    // The app's zod alone opens more than 64 files at once.
    ['with few descriptors', { descriptors: way === 'no bundler' ? 128 : 64 }],
  ])('does everything %s', async (what, { isGone, isAmongWrong, descriptors }) => {
    const cwd = join(folder, `${way} ${what}`.replaceAll(/\W+/g, '-'));
    await cp(made, cwd, { recursive: true });
    if (isAmongWrong === true) await putWrongVersions(cwd);
    await using app = start(cwd, file, descriptors);
    const ports = await portsOf(app);
    if (isGone === true) await rm(cwd, { recursive: true });
    for (const { feature, call, answer } of FEATURE_CALLS) {
      if (feature === 'TLS' && !canServeTls) continue;
      expect([feature, await call(ports).catch((error: unknown) => error)]).toEqual([feature, answer]);
    }
    app.kill('SIGTERM');
    const said = app.errors.replace(/^\S+ INFO Listening on \S+\n/, '');
    expect([await app.exit, said]).toEqual([{ code: 0, signal: null }, '']);
  });
});

test.each(Object.entries(WAYS))('child processes run the file made by %s, in an empty folder', async (way, make) => {
  const [app, cwd] = [join(folder, 'workers'), join(folder, `workers ${way}`.replaceAll(/\W+/g, '-'))];
  if (!existsSync(app)) {
    await cp(join(HERE, 'apps/workers'), app, { recursive: true });
    await cp(join(folder, 'app/node_modules/portlight'), join(app, 'node_modules/portlight'), { recursive: true });
    await writeFile(join(app, 'package.json'), '{ "type": "module" }');
  }
  await mkdir(cwd);
  await using program = start(cwd, await make(app, cwd));
  const url = await program.url();
  const pids = new Set<string>();
  while (pids.size < 2) pids.add(await (await fetch(url, { headers: { connection: 'close' } })).text());
  expect(pids.has(String(program.process.pid))).toBe(false);
  program.kill('SIGTERM');
  expect(await program.exit).toEqual({ code: 0, signal: null });
});

test('without a descriptor left, connections that are open get their first cookies, JSON, form and WebSocket', async () => {
  const cwd = join(folder, 'no-descriptors');
  await using app = start(cwd, await bundleByEsbuild('esm', join(folder, 'app'), cwd), 64);
  const { plain } = await portsOf(app);
  await using client = await RawClient.open(plain);
  const early = connect(plain, '127.0.0.1');
  await once(early, 'connect');
  const idle = Array.from({ length: 100 }, () => connect(plain, '127.0.0.1').on('error', () => undefined));
  // A server without descriptors closes what it cannot take.
  await Promise.race(idle.map((socket) => once(socket.resume(), 'close')));

  const form = request('POST', '/form', ['content-type: application/x-www-form-urlencoded'], 'a=1');
  const json = request('POST', '/json', ['content-type: application/json'], '[1]');
  const answers = await client.send(get('/cookies', 'cookie: a=1') + json + form).responses(3);
  expect(answers.map(({ status, body }) => [status, body])).toEqual([
    [200, '{"a":"1"}'],
    [200, '[1]'],
    [200, '[["a","1"]]'],
  ]);
  const socket = new WebSocket(`ws://127.0.0.1:${plain}/echo`, { createConnection: () => early });
  await once(socket, 'open');
  socket.send('first');
  expect(String((await once(socket, 'message'))[0])).toBe('first');
  socket.terminate();
  for (const each of idle) each.destroy();
});
