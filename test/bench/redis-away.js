// How long a request of a limit that machines share waits while Redis is away, and how long it takes from its return
// until what one server publishes reaches a client of another. Redis is killed for ten seconds, and then stopped.
//
//     node test/bench/redis-away.js      (build first; needs redis-server)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { redis } from '@portlight/redis';
import { createClient } from '@redis/client';
import { HttpServer } from 'portlight';
import { WebSocket } from 'ws';

const AWAY_MS = 10_000;
const EVERY_MS = 10;

const folder = await mkdtemp(join(tmpdir(), 'portlight-bench-'));
const path = join(folder, 'redis.sock');
let store = await startRedis();

async function startRedis() {
  const started = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder]);
  for (;;) {
    const client = createClient({ socket: { path, reconnectStrategy: false } }).on('error', () => {});
    try {
      await client.connect();
      client.destroy();
      return started;
    } catch {
      await delay(5);
    }
  }
}

async function startServer() {
  const server = new HttpServer('127.0.0.1', 0)
    .backplane(redis(`unix://${path}`))
    .get('/', { rateLimit: { max: 1_000_000, windowSeconds: 60 } }, () => 'ok')
    .accept('/room', { open: (channel) => channel.join('room') });
  await server.start();
  return server;
}

const [one, other] = [await startServer(), await startServer()];
const member = new WebSocket(`ws://127.0.0.1:${other.getAddress().port}/room`);
/** When the newest that was heard was published. */
const newest = { at: -1 };
member.on('message', (text) => (newest.at = Number(text)));
await once(member, 'open');

const agent = new Agent({ keepAlive: true });
let waits = [];

function ask() {
  const startedAt = performance.now();
  get({ host: '127.0.0.1', port: one.getAddress().port, agent }, (response) => {
    response.resume().once('end', () => waits.push(performance.now() - startedAt));
  });
}

/** The longest wait, and how many of a hundred were shorter than the second. */
function summary() {
  const sorted = waits.toSorted((a, b) => a - b);
  waits = [];
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(1);
  return `${sorted.length} requests, median ${at(0.5)} ms, 99 % below ${at(0.99)} ms, longest ${at(1)} ms`;
}

/** How long it takes until what is published from now on is heard at the other server. */
async function heal() {
  const since = performance.now();
  while (newest.at < since) {
    one.publish('room', String(performance.now())).catch(() => {});
    await delay(5);
  }
  return Math.round(performance.now() - since);
}

const asking = setInterval(ask, EVERY_MS);
await heal();
await delay(2_000);
console.log(`Redis is there: ${summary()}`);

const FAULTS = {
  killed: async () => {
    store.kill('SIGKILL');
    await delay(AWAY_MS);
    store = await startRedis();
  },
  stopped: async () => {
    store.kill('SIGSTOP');
    await delay(AWAY_MS);
    store.kill('SIGCONT');
  },
};
for (const [name, fail] of Object.entries(FAULTS)) {
  waits = [];
  await fail();
  const away = summary();
  console.log(`${name}: ${away}; healed ${await heal()} ms after its return`);
  await delay(2_000);
}

clearInterval(asking);
agent.destroy();
member.terminate();
await Promise.all([one.shutdown(), other.shutdown()]);
store.kill();
await rm(folder, { recursive: true });
