// How large what an app shares on Redis becomes: bytes of memory for each kind of thing, as Redis counts them, made by
// the ways that a server goes.
//
//     node test/bench/redis-memory.js [count] [name]      (100,000 of each by default; build first; needs redis-server)
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createPolicy } from '@portlight/rate-limit';
import { redis } from '@portlight/redis';
import { createClient } from '@redis/client';

const COUNT = Number(process.argv[2] ?? 100_000);
const [, , , NAME = ''] = process.argv;
const AT_ONCE = 200;

const folder = await mkdtemp(join(tmpdir(), 'portlight-bench-'));
const port = await freePort();
const program = spawn(
  process.env.REDIS ?? 'redis-server',
  ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--loglevel', 'warning'],
  { stdio: 'inherit' },
);
process.on('exit', () => program.kill('SIGKILL'));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: found } = server.address();
  server.close();
  return found;
}

const socket = { port, reconnectStrategy: 20 };
const client = await createClient({ socket })
  .on('error', () => {})
  .connect();
const [, version] = /redis_version:(\S+)/.exec(await client.sendCommand(['INFO', 'server']));

const used = async () => Number(/used_memory:(\d+)/.exec(await client.sendCommand(['INFO', 'memory']))[1]);

/** Runs `each` for all numbers below the count, some at a time. */
async function forAll(count, each, atOnce = AT_ONCE) {
  for (let from = 0; from < count; from += atOnce)
    await Promise.all(Array.from({ length: Math.min(atOnce, count - from) }, (_, index) => each(from + index)));
}

/** On a machine that others use too, Redis may be found silent: then it is tried again. */
async function insist(make) {
  for (;;) {
    try {
      return await make();
    } catch {
      await delay(200);
    }
  }
}

const digits = (number) => String(number).padStart(6, '0');
const UUID = randomUUID().length;

const message = (topic) => ({
  topic,
  form: 'text',
  payload: 'x'.repeat(100),
  event: undefined,
  except: undefined,
  user: undefined,
});
const policy = createPolicy({ max: 100, windowSeconds: 600 });
/** Of 64 parts of half a second. */
const busy = createPolicy({ max: 1_000, windowSeconds: 32 });

const enter = (shared, topic, index, more) =>
  shared.bus.enter({
    topic,
    member: `member-${digits(index)}`,
    channel: randomUUID(),
    info: undefined,
    remember: false,
    ...more,
  });

/**
 * What is measured: of how many things, how one is made, and how many at once.
 *
 * @type {Readonly<Record<string, readonly [number, (shared: any, index: number) => unknown, number?]>>}
 */
const CASES = {
  'a member, all in one topic': [COUNT, (shared, index) => enter(shared, 'room', index)],
  'a member, 100 in each topic': [COUNT, (shared, index) => enter(shared, `room:${index % (COUNT / 100)}`, index)],
  'a member with 100 bytes of info': [
    COUNT,
    (shared, index) => enter(shared, 'room', index, { info: 'x'.repeat(100) }),
  ],
  'a topic that one process listens to': [
    1_000,
    (shared, index) => shared.bus.setInterest(`topic:${digits(index)}`, 1),
  ],
  'a message of 100 bytes, 100 kept in each topic': [
    COUNT,
    (shared, index) => {
      const terms = {
        keep: { size: 100, ttlMs: undefined, freshMs: undefined },
        once: undefined,
        isExceptThere: false,
      };
      return shared.bus.publish(message(`room:${digits(index % (COUNT / 100))}`), terms);
    },
  ],
  'a message of 100 bytes, one kept in each topic': [
    COUNT,
    (shared, index) => {
      const terms = { keep: { size: 1, ttlMs: undefined, freshMs: undefined }, once: undefined, isExceptThere: false };
      return shared.bus.publish(message(`room:${digits(index)}`), terms);
    },
  ],
  'an id of `publish`, for five minutes': [
    COUNT,
    (shared) => {
      const terms = { keep: undefined, once: { id: randomUUID(), ttlMs: 300_000 }, isExceptThere: false };
      return shared.bus.publish(message('news'), terms);
    },
  ],
  'a departure that is remembered, for a day': [
    COUNT,
    async (shared, index) => {
      const channel = randomUUID();
      const member = `member-${digits(index)}`;
      await shared.bus.enter({ topic: 'room', member, channel, info: undefined, remember: true });
      await shared.bus.exit('room', member, channel);
    },
  ],
  'a connected client': [
    COUNT,
    async (shared) => {
      const id = randomUUID();
      await shared.clients.reserve(id, '203.0.113.100', 30_000);
      await shared.clients.commit(id);
    },
  ],
  'a key of a limit with one request': [COUNT, (shared) => shared.limits.take([{ key: randomUUID(), policy }])],
  'a key of a limit that is busy all the time': [
    1_000,
    async (shared) => {
      const key = randomUUID();
      for (let part = 0; part < 64; part++) {
        await shared.limits.take([{ key, policy: busy }]);
        await delay(500);
      }
    },
    1_000,
  ],
  'a value of 100 bytes': [COUNT, (shared) => shared.values.set(randomUUID(), 'x'.repeat(100), 600_000)],
  'a nonce that was claimed': [COUNT, (shared) => shared.values.claim(randomUUID(), 600_000)],
};

console.log(`Redis ${version}, Node ${process.version}; names of keys as they come, ids of ${UUID} characters.`);
for (const [name, [count, make, atOnce]] of Object.entries(CASES).filter(([each]) => each.includes(NAME))) {
  await client.sendCommand(['FLUSHALL']);
  const shared = redis(`redis://127.0.0.1:${port}`, { limitTimeoutMs: 10_000, maxHistoryBytes: 2 ** 30 });
  shared.bus.connect({ receive: () => {}, interrupted: () => {}, memberChanged: () => {} });
  await insist(() => shared.open());
  const before = await used();
  const startedAt = performance.now();
  await forAll(count, (index) => insist(() => make(shared, index)), atOnce);
  const seconds = (performance.now() - startedAt) / 1_000;
  // What was told is acknowledged, and what was used is said.
  await delay(1_500);
  const bytes = ((await used()) - before) / count;
  console.log(`${name}: ${bytes.toFixed(0)} bytes (${count} in ${seconds.toFixed(1)} s)`);
  await shared.close();
}
client.destroy();
program.kill('SIGKILL');
await rm(folder, { recursive: true, force: true });
