// Starts all of it: a Redis, two servers and nginx in front of them. All of it ends with this script, however it ends.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HttpError, HttpServer } from 'portlight';
import { z } from 'zod';
import { nginxConf } from './nginx-conf.js';
import { Part } from './part.js';
import { findProgram, freePort, untilOpen } from './programs.js';

const NAMES = ['North', 'South'];

const redisProgram = findProgram('redis-server', 'valkey-server');
if (redisProgram === undefined) {
  console.error('This example needs redis-server or valkey-server, from version 7. Neither is installed.');
  process.exit(1);
}
const hasNginx = process.env.WITHOUT_NGINX === undefined && findProgram('nginx') !== undefined;

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const ending = new AbortController();
/** Only who knows it is heard: the servers. */
const path = `/${randomUUID()}`;

// Each in a group of its own: Ctrl+C comes to this script, and from here to them, one after the other.
const detached = true;

/** A program that does not look after itself, in a folder of its own. */
async function keep(program, args, files = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'two-machines-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const keeper = fork(file('keeper.js'), [folder, program, ...args], { detached });
  let pid;
  keeper.once('message', (told) => ({ pid } = told));
  // One that was killed has left its program behind.
  keeper.once('exit', (_code, signal) => {
    if (signal === null) return;
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });
  return keeper;
}

const redisPort = await freePort();
const redis = new Part('Redis', {
  // Nothing of it is on a disk: it comes back empty.
  launch: () =>
    keep(redisProgram, ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--loglevel', 'warning']),
  isReady: () => untilOpen(redisPort, ending.signal),
});

const machines = await Promise.all(NAMES.map(toMachine));

async function toMachine(name) {
  const port = String(await freePort());
  const env = { ...process.env, NAME: name, PORT: port, REDIS_URL: `redis://127.0.0.1:${redisPort}` };
  const machine = new Part(name, {
    launch: () => fork(file('server.js'), { detached, env: { ...env, HARBOUR: harbour() } }),
    isReady: (child) => new Promise((resolve) => child.once('message', resolve)),
  });
  machine.told = { port, address: `http://127.0.0.1:${port}` };
  return machine;
}

const frontPort = Number(process.env.PORT) || (await freePort());
const nginx = new Part('nginx', {
  launch: () =>
    keep('nginx', ['-p', '.', '-e', 'stderr', '-c', 'nginx.conf'], {
      'nginx.conf': nginxConf(
        frontPort,
        machines.map(({ told }) => told.port),
      ),
    }),
  isReady: () => untilOpen(frontPort, ending.signal),
});

const parts = [redis, ...machines, ...(hasNginx ? [nginx] : [])];
const address = hasNginx ? `http://127.0.0.1:${frontPort}` : machines[0].told.address;

const shownState = () => ({
  address,
  hasNginx,
  redis: { state: redis.state, program: redisProgram },
  machines: machines.map(({ name, state, told }) => ({ name, state, ...told })),
});

/** What the page asks for. Resolves when it is under way. */
function fulfil({ what, deed }) {
  const part = parts.find(({ name }) => name === what);
  if (part.state !== (deed === 'start' ? 'stopped' : 'running')) throw new HttpError(409, `${what} is ${part.state}.`);
  const isLast = machines.includes(part) && machines.every((each) => each === part || each.state !== 'running');
  if (isLast && deed !== 'start')
    throw new HttpError(409, 'Start the other one first: somebody has to serve this page.');
  const done = deed === 'start' ? part.start() : part.stop(deed === 'kill' ? 'SIGKILL' : 'SIGTERM', 100);
  done.catch(({ message }) => console.error(message));
}

const deed = z.object({ what: z.enum(['Redis', ...NAMES]), deed: z.enum(['start', 'stop', 'kill']) });
const control = new HttpServer('127.0.0.1', 0)
  .get(path, () => shownState())
  .post(path, { body: deed }, ({ body }) => fulfil(body));
await control.start();

function harbour() {
  return `http://127.0.0.1:${control.getAddress().port}${path}`;
}

async function end(code) {
  if (ending.signal.aborted) return;
  ending.abort();
  process.exitCode = code;
  // The servers close what is open while somebody is in front of them, and Redis is there to be told.
  await Promise.all(machines.map((machine) => machine.stop()));
  await Promise.all([nginx.stop(), redis.stop(), control.shutdown()]);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0));
for (const part of parts)
  part.onDeath = () => {
    if (!ending.signal.aborted) console.error(`${part.name} has ended by itself, and so all of it ends.`);
    void end(1);
  };

try {
  for (const some of [[redis], machines, hasNginx ? [nginx] : []])
    if (!ending.signal.aborted) await Promise.all(some.map((part) => part.start()));
  if (!hasNginx && !ending.signal.aborted) {
    console.error('\n!!! nginx is not installed: nobody is in front of the two servers. Each has its own address:');
    for (const { name, told } of machines) console.error(`!!! ${name} is at ${told.address}/`);
    console.error();
  }
  if (!ending.signal.aborted) console.log(`Open ${address}/ in two windows (Ctrl+C ends all of it).`);
} catch (error) {
  if (!ending.signal.aborted) console.error(error.message);
  await end(1);
}
