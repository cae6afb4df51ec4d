// The recipe for one answer of all processes, as its page has it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXAMPLES_FOLDER } from './example.ts';
import { PRELOAD } from './run-example.ts';

const REQUESTS = 60;

let app: ChildProcess;
let port: number;

beforeAll(async () => {
  const file = join(EXAMPLES_FOLDER, 'out/docs__how-to__metrics.md/metrics.js');
  app = spawn(process.execPath, ['--import', PRELOAD, file], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [message] = (await once(app, 'message')) as [{ readonly port: number }];
  ({ port } = message);
}, 30_000);

afterAll(async () => {
  app.kill('SIGTERM');
  await once(app, 'exit');
});

/** Asks on a connection of its own, so that all processes come to be asked. */
async function ask(path: string): Promise<string> {
  const asked = request({ host: '127.0.0.1', port, path, agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return text(response);
}

test('whoever is scraped answers for all processes', async () => {
  await Promise.all(Array.from({ length: REQUESTS }, () => ask('/users/7')));
  const counted = async (): Promise<string | undefined> =>
    /^http_requests_total\{route="\/users\/:id",status="200"\} (\d+)$/m.exec(await ask('/metrics'))?.[1];
  await expect.poll(counted).toBe(String(REQUESTS));
  const again = await Promise.all(Array.from({ length: 20 }, counted));
  expect(new Set(again)).toEqual(new Set([String(REQUESTS)]));
});
