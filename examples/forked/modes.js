// Runs server.js in each of the four modes, and serves the page that shows how they differ.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { HttpResponse, HttpServer } from 'portlight';

const MODES = ['concurrent', 'sequential', 'workers', 'forked'];
const app = fileURLToPath(new URL('server.js', import.meta.url));
const page = await readFile(new URL('page.html', import.meta.url), 'utf8');

/** Resolves to the name of a mode and where its server listens. */
async function startIn(mode) {
  const child = spawn(process.execPath, [app, mode], {
    // By its channel a server learns that this process was killed.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, PORT: '0' },
  });
  server.onShutdown(() => child.kill());
  for await (const url of createInterface(child.stdout)) return [mode, url];
  throw new Error(`The server in the mode '${mode}' did not start.`);
}

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080)).get('/', () => HttpResponse.html(page));

const urls = Object.fromEntries(await Promise.all(MODES.map(startIn)));
server
  .get('/modes', () => urls)
  .onStart(() => console.log(`Open http://127.0.0.1:${server.getAddress().port}/ in two windows.`));

await server.run();
