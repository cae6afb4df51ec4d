// Runs server.js, and runs it anew in the mode that its page asks for: the same file, on the same port.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { HttpServer } from 'portlight';
import { z } from 'zod';
import { MODES } from './cards.js';

const file = fileURLToPath(new URL('server.js', import.meta.url));
/** Only who knows it is heard: the processes of server.js. */
const path = `/${randomUUID()}`;
let { PORT } = process.env;
let [, , mode] = process.argv;
let wanted;
let app;
const ending = new AbortController();

const control = new HttpServer('127.0.0.1', 0).post(path, { body: z.enum(Object.keys(MODES)) }, ({ body }) => {
  // A second signal would end those at once who are being answered.
  if (wanted === undefined) app.kill('SIGTERM');
  wanted = body;
});
await control.start();
const env = { ...process.env, TOUR_CONTROL: `http://127.0.0.1:${control.getAddress().port}${path}` };

/** Resolves to the exit code. A group of its own, so that Ctrl+C comes to it once, and from here. */
async function runApp() {
  app = fork(file, mode === undefined ? [] : [mode], { detached: true, env: { ...env, ...(PORT && { PORT }) } });
  app.once('message', ({ port }) => (PORT = String(port)));
  const [code] = await once(app, 'exit');
  return code ?? 1;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'])
  process.on(signal, () => {
    if (signal === 'SIGINT' || signal === 'SIGTERM') ending.abort();
    app.kill(signal);
  });
do {
  mode = wanted ?? mode;
  wanted = undefined;
  process.exitCode = await runApp();
} while (wanted !== undefined && !ending.signal.aborted);
await control.shutdown();
