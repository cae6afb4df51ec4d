// What 100,000 connected clients take in Redis, and how long Redis is held up by one script. Needs the build, and
// redis-server in the path.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { redis } from '@portlight/redis';

const COUNT = 100_000;
const IDS = Array.from({ length: COUNT }, (_, index) => `client-${String(index).padStart(29, '0')}`);
const AT_ONCE = 200;

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function reach(url) {
  for (;;) {
    const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } }).on('error', () => {});
    try {
      return await client.connect();
    } catch {
      await delay(20);
    }
  }
}

async function inParts(ids, call) {
  for (let first = 0; first < ids.length; first += AT_ONCE)
    await Promise.all(ids.slice(first, first + AT_ONCE).map((id) => call(id)));
}

/** Runs a part, and tells how long it took, what Redis spent on a script, and on the longest of them. */
async function measure(observer, title, run) {
  await observer.sendCommand(['CONFIG', 'RESETSTAT']);
  await observer.sendCommand(['SLOWLOG', 'RESET']);
  const startedAt = performance.now();
  await run();
  const ms = performance.now() - startedAt;
  const stats = await observer.sendCommand(['INFO', 'commandstats']);
  const [, calls, us] = /cmdstat_evalsha:calls=(\d+),usec=\d+,usec_per_call=([\d.]+)/.exec(stats) ?? [];
  const slow = await observer.sendCommand(['SLOWLOG', 'GET', '1000']);
  const longest = Math.max(0, ...slow.filter(([, , , [name]]) => name === 'EVALSHA').map(([, , took]) => took));
  console.log(`${title}: ${ms.toFixed(0)} ms, ${calls} scripts, ${us} us each, the longest ${longest} us`);
}

async function sizeOf(observer) {
  let bytes = 0;
  for (const key of await observer.sendCommand(['KEYS', '*:clients:*']))
    bytes += await observer.sendCommand(['MEMORY', 'USAGE', key, 'SAMPLES', '0']);
  return bytes;
}

const folder = await mkdtemp(join(tmpdir(), 'portlight-bench-'));
const port = await freePort();
const quiet = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning', '--slowlog-log-slower-than', '500'];
const server = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--dir', folder, ...quiet]);
const observer = await reach(`redis://127.0.0.1:${port}`);
const backplanes = [redis(`redis://127.0.0.1:${port}`), redis(`redis://127.0.0.1:${port}`)];
for (const each of backplanes) {
  each.clients.connect({ lost() {} });
  await each.open();
}
const [here, there] = backplanes.map(({ clients }) => clients);

await measure(observer, 'connect', () =>
  inParts(IDS, async (id) => (await here.reserve(id, '192.0.2.123', 60_000), here.commit(id))),
);
console.log(`${((await sizeOf(observer)) / COUNT).toFixed(0)} bytes a client, whose id has 36 characters`);
await measure(observer, 'ask whether one is connected, 20,000 times', () =>
  inParts(IDS.slice(0, 20_000), (id) => there.has(id)),
);
await measure(observer, 'count a request of each', async () => {
  for (const id of IDS) there.noteRequest(id);
  await there.get('');
});
await measure(observer, 'list', () => there.list());
await measure(observer, 'remove 1,000', () => inParts(IDS.slice(0, 1_000), (id) => there.remove(id)));
await measure(observer, 'connect again where Redis was flushed', async () => {
  await observer.sendCommand(['FLUSHALL']);
  while ((await there.count()) < COUNT - 1_000) await delay(20);
});
await measure(observer, 'leave', () => here.removeOwn());

for (const each of backplanes) await each.close();
observer.destroy();
server.kill();
await rm(folder, { recursive: true, force: true });
