// A folder of files, ours beside sirv and @fastify/static: requests per second in turns of two seconds, and the ratios.
//
//     node test/bench/files.js [turns]      (3 by default; build first)
//
// One server a process on a core of its own where the system can do that, wrk on another; each server is warmed up.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, onCore } from './load.js';

const SERVERS = ['portlight', 'sirv', 'sirv in development', '@fastify/static'];
const SIZES = { '10 KB': 10_240, '1 MB': 1_048_576 };
const SECONDS = 2;

/** What a process of this file does that is given the name of a server and a folder. */
const SERVE = {
  async portlight(root) {
    const { HttpServer } = await import('portlight');
    const server = await new HttpServer('127.0.0.1', 0).files('/', root).start();
    return server.getAddress().port;
  },
  sirv: (root) => serveSirv(root, false),
  'sirv in development': (root) => serveSirv(root, true),
  async '@fastify/static'(root) {
    const [{ default: fastify }, { default: files }] = await Promise.all([
      import('fastify'),
      import('@fastify/static'),
    ]);
    const app = fastify();
    app.register(files, { root });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server.address().port;
  },
};

/** @param {boolean} dev whether it looks at the folder anew for each request, as we do, or keeps what was there */
async function serveSirv(root, dev) {
  const [{ default: sirv }, { createServer }] = await Promise.all([import('sirv'), import('node:http')]);
  const server = createServer(sirv(root, { dev, etag: true }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

async function start(name, root) {
  const [command, ...args] = [...onCore(0), process.execPath, fileURLToPath(import.meta.url), '--serve', name, root];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(child.stdout, 'data');
  return { name, child, port: Number(port) };
}

async function run(turns) {
  const root = await mkdtemp(join(tmpdir(), 'portlight-bench-'));
  for (const [name, bytes] of Object.entries(SIZES))
    await writeFile(join(root, nameOf(name)), Buffer.alloc(bytes, 'x'));
  const servers = await Promise.all(SERVERS.map((name) => start(name, root)));
  try {
    for (const size of Object.keys(SIZES)) report(size, await compare(servers, size, turns));
  } finally {
    for (const { child } of servers) child.kill();
    await rm(root, { recursive: true });
  }
}

async function compare(servers, size, turns) {
  const rates = new Map(servers.map(({ name }) => [name, []]));
  for (let turn = 0; turn <= turns; turn++)
    for (const { name, port } of servers) {
      const rate = await measure(`http://127.0.0.1:${port}/${nameOf(size)}`, {}, turn === 0 ? 1 : SECONDS);
      if (turn > 0) rates.get(name).push(rate);
    }
  return rates;
}

function report(size, rates) {
  const medians = [...rates].map(([name, all]) => [name, all.sort((a, b) => a - b)[all.length >> 1]]);
  const [[, ours]] = medians;
  console.log(`\n${size}`);
  for (const [name, rate] of medians)
    console.log(
      `${name.padEnd(22)}${Math.round(rate).toLocaleString('en').padStart(8)}/s  ours ${(ours / rate).toFixed(2)} ×`,
    );
}

const nameOf = (size) => `${size.replace(' ', '-').toLowerCase()}.txt`;

if (process.argv[2] === '--serve') console.log(await SERVE[process.argv[3]](process.argv[4]));
else await run(Number(process.argv[2] ?? 3));
