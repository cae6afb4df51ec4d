import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningProgram } from './run-program.ts';

let folder: string;

beforeAll(async () => {
  // Within the package, so that the programs find what it depends on.
  folder = await mkdtemp(fileURLToPath(new URL('fixtures/tmp-', import.meta.url)));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const IMPORT = "import { HttpServer, Router } from 'portlight';\n";
const SERVER = `${IMPORT}const server = new HttpServer('127.0.0.1', 0).get('/', () => 'x');\n`;
const SENTENCE = /^\S+ WARN The program ends, and its server was never started; write await server\.run\(\)\.\n$/;

let count = 0;

async function errorsOf(
  text: string,
  { name = `program-${count++}.mjs`, args = [] as readonly string[], env = {} } = {},
): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await using program = new RunningProgram([...args, path], { NODE_TEST_CONTEXT: undefined, ...env });
  await program.exit;
  return program.errors;
}

describe('a program that forgot to start its server is told so when it ends', () => {
  test.each<[string, string]>([
    ['a server with a route', SERVER],
    ['a server with a WebSocket', `${IMPORT}new HttpServer().accept('/', () => {});`],
    ['a class of the app', `${IMPORT}class App extends HttpServer {}\nnew App().get('/', () => 'x');`],
    ['one that only asked where it would listen', `${SERVER}server.getAddress();`],
  ])('%s', async (_what, text) => {
    expect(await errorsOf(text)).toMatch(SENTENCE);
  });

  test('by require', async () => {
    expect(
      await errorsOf("const { HttpServer } = require('portlight');\nnew HttpServer().get('/', () => 'x');", {
        name: 'program.cjs',
      }),
    ).toContain('was never started');
  });

  test('by a link to its file', async () => {
    await writeFile(join(folder, 'real.mjs'), SERVER);
    await symlink('real.mjs', join(folder, 'link.mjs'));
    await using program = new RunningProgram([join(folder, 'link.mjs')]);
    await program.exit;
    expect(program.errors).toMatch(SENTENCE);
  });
});

describe('nothing is said', () => {
  test.each<[string, string]>([
    ['of a server that was started and stopped', `${SERVER}await server.start();\nawait server.shutdown();`],
    [
      'of one that runs',
      `${SERVER}const running = server.run();\nawait server.start();\nawait server.shutdown();\nawait running;`,
    ],
    ['of one that was asked without a port', `${SERVER}await server.fetch('/');`],
    ['of one that was only stopped', `${SERVER}await server.shutdown();`],
    [
      'of one that starts by itself',
      `${IMPORT}const server = new HttpServer('127.0.0.1', 0, { autostart: true }).get('/', () => 'x').onStart(() => setImmediate(() => server.shutdown()));`,
    ],
    ['of one without routes', `${IMPORT}new HttpServer();`],
    [
      'of one that another took over',
      `${IMPORT}const inner = new HttpServer().get('/', () => 'x');\nawait new HttpServer().mount('/in', inner).fetch('/in');`,
    ],
    ['of a router', `${IMPORT}new Router().get('/', () => 'x');`],
    ['of a program that fails', `${SERVER}process.exitCode = 3;`],
    ['of a program that ends itself', `${SERVER}process.exit();`],
    ['where nothing shall be said', `${SERVER}server.debug(false);`],
    ['of a program that goes on with something else', `${SERVER}setTimeout(() => {}, 1_500);`],
  ])('%s', async (_what, text) => {
    expect((await errorsOf(text)).replace(/^.* INFO Listening on .*\n/, '')).toBe('');
  });

  test('of a module that makes an app for others', async () => {
    await writeFile(join(folder, 'app.mjs'), `${IMPORT}export const server = new HttpServer().get('/', () => 'x');`);
    expect(await errorsOf("import { server } from './app.mjs';\nserver.getId();")).toBe('');
  });

  test('of a file of tests', async () => {
    expect(await errorsOf(SERVER, { args: ['--test'] })).not.toContain('never started');
  });

  test('of code on a command line', async () => {
    await using program = new RunningProgram(['--input-type=module', '--eval', SERVER]);
    await program.exit;
    expect(program.errors).toBe('');
  });

  test('of a worker thread', async () => {
    await writeFile(join(folder, 'worker.mjs'), SERVER);
    expect(
      await errorsOf(
        "import { Worker } from 'node:worker_threads';\nnew Worker(new URL('worker.mjs', import.meta.url));",
      ),
    ).toBe('');
  });
});
