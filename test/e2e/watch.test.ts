import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningProgram } from './run-program.ts';

const PORTLIGHT = fileURLToPath(new URL('../../packages/portlight', import.meta.url));
const TSX = createRequire(import.meta.url).resolve('tsx/cli');

const SERVER = `
  import { HttpServer } from 'portlight';
  import { port, word } from './settings.mjs';
  const server = new HttpServer('127.0.0.1', port)
    .get('/', () => word)
    .get('/slow', async ({ signal }) => {
      console.log('slow begins');
      await new Promise((resolve) => setTimeout(resolve, 500));
      return word;
    })
    .events('/news', (stream) => void stream.send({ data: word }))
    .onStart(() => console.log('listening ' + server.getAddress().port + ' with ' + word));
  await server.run({ mode: process.env.MODE });
`;

describe.each([
  ['node --watch', ['--watch']],
  ['tsx watch', [TSX, 'watch']],
] as const)('%s', (_how, watcher) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portlight-watch-'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(PORTLIGHT, join(folder, 'node_modules/portlight'));
    await writeFile(join(folder, 'server.mjs'), SERVER);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const set = (port: number, word: string): Promise<void> =>
    writeFile(join(folder, 'settings.mjs'), `export const port = ${port};\nexport const word = '${word}';\n`);

  test.each(['concurrent', 'workers'])(
    "restarts on the port it had, after what is under way, in the mode '%s'",
    async (mode) => {
      await set(0, 'one');
      await using app = new RunningProgram([...watcher, 'server.mjs'], { MODE: mode }, { cwd: folder, isGroup: true });
      const [, port = ''] = await app.said(/listening (\d+) with one/);
      const base = `http://127.0.0.1:${port}`;
      const stream = await fetch(`${base}/news`, { headers: { accept: 'text/event-stream' } });
      const slow = fetch(`${base}/slow`);
      await app.said('slow begins');

      await set(Number(port), 'two');
      expect(await (await slow).text()).toBe('one');
      expect(await stream.text()).toContain('data: one\n');
      await app.said(`listening ${port} with two`);
      expect(await (await fetch(base)).text()).toBe('two');

      app.kill('SIGTERM');
      expect(await app.exit).toEqual({ code: 0, signal: null });
    },
  );
});
