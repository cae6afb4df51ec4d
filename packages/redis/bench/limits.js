// What a limit that machines share costs a request, beside one in memory; and what a key takes in Redis. Needs the
// build and redis-server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { createPolicy, MemoryRateLimitStore } from '@portlight/rate-limit';
import { redis } from '@portlight/redis';

const CLIENTS = 64;
const TAKES = 200_000;
const ROUNDS = 3;

const folder = await mkdtemp(join(tmpdir(), 'portlight-bench-'));
const path = join(folder, 'redis.sock');
const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder]);
const commands = await createClient({ socket: { path } })
  .on('error', () => {})
  .connect();

/** What each take costs this process and Redis, in µs of a processor, with so many clients at once. */
async function measure(store, claimsOf, takes) {
  let index = 0;
  const start = process.cpuUsage();
  const redisStart = await redisCpu();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (index < takes) {
        const answer = store.take(claimsOf(index++));
        if (answer instanceof Promise) await answer;
        // Another request comes in another turn; many come in one.
        if (index % CLIENTS === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  const { user, system } = process.cpuUsage(start);
  return { own: (user + system) / takes, redis: ((await redisCpu()) - redisStart) / takes };
}

/** µs of a processor that Redis has used. */
async function redisCpu() {
  const info = await commands.sendCommand(['INFO', 'cpu']);
  const [user, system] = ['user', 'sys'].map((kind) => info.match(`used_cpu_${kind}_main_thread:([\\d.]+)`)[1]);
  return (Number(user) + Number(system)) * 1e6;
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

const memory = new MemoryRateLimitStore();
const backplane = redis(`unix://${path}`, { limitTimeoutMs: 10_000 });
await backplane.open();
const shared = backplane.limits;
const roomy = createPolicy({ max: 1_000_000, windowSeconds: 60 });
const narrow = createPolicy({ name: 'narrow', max: 100, windowSeconds: 60 });
const bucket = createPolicy({ name: 'bucket', max: 1_000_000, windowSeconds: 60, algorithm: 'token-bucket' });
const thousand = (policy) => (index) => [{ key: `10.0.0.${index % 1_000}`, policy }];
const hot = (policy) => () => [{ key: 'hot', policy }];

const KINDS = [
  { name: '1,000 keys, a limit that is far', claimsOf: thousand(roomy), takes: TAKES },
  { name: '1,000 keys of 100 a minute, most denied', claimsOf: thousand(narrow), takes: TAKES },
  { name: 'one hot key', claimsOf: hot(roomy), takes: TAKES },
  { name: '1,000 keys of a token bucket, asked one by one', claimsOf: thousand(bucket), takes: TAKES / 10 },
];

for (const { name, claimsOf, takes } of KINDS) {
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++)
    rounds.push({ memory: await measure(memory, claimsOf, takes), shared: await measure(shared, claimsOf, takes) });
  const of = (read) => median(rounds.slice(1).map(read));
  const [alone, own, there] = [of((r) => r.memory.own), of((r) => r.shared.own), of((r) => r.shared.redis)];
  console.log(
    `${name}: in memory ${alone.toFixed(2)} µs; on Redis ${own.toFixed(2)} µs, ${(own / alone).toFixed(1)} times, and ` +
      `${there.toFixed(2)} µs in Redis`,
  );
}

/** Bytes of a key in Redis, its name and its time to live included. */
async function measureKeys(name, policy) {
  const before = await usedMemory();
  const count = 20_000;
  for (let index = 0; index < count; index += 100)
    await Promise.all(
      Array.from({ length: 100 }, async (_, at) => shared.take([{ key: `10.0.${index + at}`, policy }])),
    );
  console.log(`${name}: ${((await usedMemory()) - before) / count} bytes`);
}

async function usedMemory() {
  return Number((await commands.sendCommand(['INFO', 'memory'])).match(/used_memory:(\d+)/)[1]);
}

const few = createPolicy({ name: 'few', max: 10, windowSeconds: 3_600 });
const hour = createPolicy({ name: 'hour', max: 100, windowSeconds: 3_600 });
const hourly = createPolicy({ name: 'hourly', max: 100, windowSeconds: 3_600, algorithm: 'token-bucket' });
await measureKeys('a key of 10 characters that took one unit', few);
await measureKeys('a key of a token bucket', hourly);
await measureKeys('a key with a lease', hour);

await backplane.close();
commands.destroy();
server.kill();
await once(server, 'exit');
await rm(folder, { recursive: true });
