// Publications over Redis with 1, 2 and 4 servers, ours beside Socket.IO's Redis adapter and its streams adapter:
// messages per second that reach a client of the last server, published on the first one in windows of 100, and what
// that costs Redis. In turns of two seconds, with ratios to the Redis adapter of the same turn.
//
//     node test/bench/redis.js [turns]      (3 by default; build first; needs redis-server)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@redis/client';

const KINDS = ['portlight', 'redis-adapter', 'streams-adapter'];
const COUNTS = [1, 2, 4];
const WINDOW = 100;
const SECONDS = 2;
const TEXT = 'x'.repeat(100);

/** What a process of this file serves: a client that says a number has so many messages published to all. */
const SERVE = {
  async portlight(url) {
    const [{ HttpServer }, { redis }] = await Promise.all([import('portlight'), import('@portlight/redis')]);
    const server = new HttpServer('127.0.0.1', 0).backplane(redis(url, { prefix: 'bench' }));
    server.accept('/', {
      open: (channel) => channel.join('room'),
      async message(count) {
        const published = Array.from({ length: Number(count) }, () => server.publish('room', TEXT));
        await Promise.all(published);
      },
    });
    await server.start();
    return server.getAddress().port;
  },
  async 'redis-adapter'(url) {
    const { createAdapter } = await import('@socket.io/redis-adapter');
    const clients = [createClient({ url }), createClient({ url })];
    await Promise.all(clients.map((client) => client.connect()));
    return serveSocketIo(createAdapter(...clients));
  },
  async 'streams-adapter'(url) {
    const { createAdapter } = await import('@socket.io/redis-streams-adapter');
    return serveSocketIo(createAdapter(await createClient({ url }).connect()));
  },
};

async function serveSocketIo(adapter) {
  const [{ Server }, { createServer: createHttpServer }] = await Promise.all([
    import('socket.io'),
    import('node:http'),
  ]);
  const http = createHttpServer();
  const io = new Server(http, { adapter, transports: ['websocket'] });
  io.on('connection', (socket) => {
    void socket.join('room');
    socket.on('publish', (count) => {
      for (let index = 0; index < count; index++) io.to('room').emit('message', TEXT);
    });
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  return http.address().port;
}

/** A client of a server: it counts what it is told, and has others told. */
const CONNECT = {
  async portlight(port) {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await once(socket, 'open');
    return {
      publish: (count) => socket.send(String(count)),
      onMessage: (listener) => socket.on('message', listener),
      close: () => socket.terminate(),
    };
  },
  'redis-adapter': connectSocketIo,
  'streams-adapter': connectSocketIo,
};

async function connectSocketIo(port) {
  const { io } = await import('socket.io-client');
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
  await new Promise((resolve) => socket.on('connect', resolve));
  return {
    publish: (count) => socket.emit('publish', count),
    onMessage: (listener) => socket.on('message', listener),
    close: () => socket.close(),
  };
}

async function startServer(kind, url) {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--serve', kind, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout, 'data');
  return { child, port: Number(port) };
}

/** One kind with its servers, and a client at each end. */
async function open(kind, count, url) {
  const servers = await Promise.all(Array.from({ length: count }, () => startServer(kind, url)));
  const [first, last] = [await CONNECT[kind](servers[0].port), await CONNECT[kind](servers.at(-1).port)];
  let received = 0;
  let awaited;
  last.onMessage(() => {
    received += 1;
    if (received === awaited?.at) awaited.resolve();
  });
  return {
    kind,
    /** Messages per second over a time. */
    async measure(seconds) {
      const startedAt = performance.now();
      const before = received;
      while (performance.now() - startedAt < seconds * 1_000) {
        const arrived = new Promise((resolve) => (awaited = { at: received + WINDOW, resolve }));
        first.publish(WINDOW);
        await arrived;
      }
      return ((received - before) * 1_000) / (performance.now() - startedAt);
    },
    close() {
      for (const client of [first, last]) client.close();
      for (const { child } of servers) child.kill('SIGKILL');
    },
  };
}

async function startRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'portlight-bench-'));
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const child = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', ''], {
    stdio: 'ignore',
  });
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url, socket: { reconnectStrategy: 50 } }).on('error', () => {});
  await client.connect();
  return {
    url,
    /** Seconds of a processor that it has used. */
    async cpu() {
      const info = await client.info('cpu');
      const read = (name) => Number(new RegExp(`used_cpu_${name}:([\\d.]+)`).exec(info)[1]);
      return read('user') + read('sys');
    },
    async close() {
      client.destroy();
      child.kill();
      await once(child, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

async function run(turns) {
  const redis = await startRedis();
  try {
    console.log('| servers | of | messages/s | ratio, lowest to highest | µs of Redis a message |');
    console.log('| --- | --- | --- | --- | --- |');
    for (const count of COUNTS) report(count, await compare(count, turns, redis));
  } finally {
    await redis.close();
  }
}

async function compare(count, turns, redis) {
  const opened = [];
  try {
    for (const kind of KINDS) opened.push(await open(kind, count, redis.url));
    const turnsOf = new Map(KINDS.map((kind) => [kind, []]));
    for (let turn = 0; turn <= turns; turn++)
      for (const each of opened) {
        const before = await redis.cpu();
        const rate = await each.measure(turn === 0 ? 1 : SECONDS);
        const cost = ((await redis.cpu()) - before) / (rate * SECONDS);
        if (turn > 0) turnsOf.get(each.kind).push({ rate, cost });
      }
    return turnsOf;
  } finally {
    for (const each of opened) each.close();
  }
}

function report(count, turnsOf) {
  const base = turnsOf.get('redis-adapter');
  for (const [kind, turns] of turnsOf) {
    const ratios = turns.map(({ rate }, turn) => rate / base[turn].rate).toSorted((a, b) => a - b);
    const range = `${median(ratios).toFixed(2)} (${ratios[0].toFixed(2)} to ${ratios.at(-1).toFixed(2)})`;
    const rate = Math.round(median(turns.map((turn) => turn.rate)));
    const cost = (median(turns.map((turn) => turn.cost)) * 1e6).toFixed(1);
    console.log(`| ${count} | ${kind} | ${rate} | ${range} | ${cost} |`);
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

if (process.argv[2] === '--serve') console.log(await SERVE[process.argv[3]](process.argv[4]));
else await run(Number(process.argv[2] ?? 3));
