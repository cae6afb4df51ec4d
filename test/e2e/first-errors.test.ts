import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningProgram } from './run-program.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(fileURLToPath(new URL('fixtures/tmp-', import.meta.url)));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a program writes on stderr when its second line fails, and nothing catches that. */
async function crash(
  line: string,
  name: string,
  first = "import { HttpServer, Router } from 'portlight';",
): Promise<readonly string[]> {
  const path = join(folder, name);
  await writeFile(path, `${first}\n${line}\n`);
  await using program = new RunningProgram([path]);
  expect((await program.exit).code).toBe(1);
  return program.errors.split('\n');
}

const LINES: Readonly<Record<string, readonly [line: string, sentence: string]>> = {
  route: [
    "new HttpServer().get('/users/:id');",
    "ConfigError: GET /users/:id has no handler; write get('/users/:id', (request) => 'Hello').",
  ],
  group: [
    "new HttpServer().group('/a', (group) => group.get('/x', 5));",
    "ConfigError: GET /x needs a handler, a function, not 5; write get('/x', () => 5).",
  ],
  server: [
    'new HttpServer(8080);',
    "ConfigError: The first argument of a server is its address, and the port the second; write new HttpServer('127.0.0.1', 8080).",
  ],
  router: [
    "new Router('/x');",
    "ConfigError: A router has no prefix of its own, but where it is mounted; write mount('/x', router).",
  ],
  run: [
    'await new HttpServer().run(3000);',
    "ConfigError: run takes no arguments but options such as { mode: 'concurrent' }, not 3000; the port belongs to the constructor; write new HttpServer('127.0.0.1', 3000), and then run().",
  ],
  listen: [
    'new HttpServer().listen(3000);',
    "ConfigError: A server has no listen; the port belongs to the constructor; write new HttpServer('127.0.0.1', 3000), and then run().",
  ],
};

describe('an error that nothing catches shows the line of the app first', () => {
  test.each(Object.entries(LINES))('%s', async (name, [line, sentence]) => {
    const [place, source, , , message, frame] = await crash(line, `${name}.mjs`);
    expect(place).toBe(`${pathToFileURL(join(folder, `${name}.mjs`)).href}:2`);
    expect([source, message]).toEqual([line, sentence]);
    expect(frame).toContain(`${name}.mjs:2:`);
  });

  test('a port that is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { readonly port: number };
    const line = `await new HttpServer('127.0.0.1', ${port}).run();`;
    const [place, source, , , message] = await crash(line, 'taken.mjs');
    expect(place).toBe(`${pathToFileURL(join(folder, 'taken.mjs')).href}:2`);
    expect(source).toBe(line);
    expect(message).toContain(`PortInUseError: Port ${port} on 127.0.0.1 is in use by process`);
    holder.close();
  });

  // There Node shows the line that threw, and then the stack.
  test('by require, the stack begins with it', async () => {
    const errors = await crash(
      "new HttpServer().get('/x');",
      'by-require.cjs',
      "const { HttpServer } = require('portlight');",
    );
    const message = errors.findIndex((line) => line.startsWith('ConfigError: '));
    expect(errors[message + 1]).toContain('by-require.cjs:2:');
  });
});
