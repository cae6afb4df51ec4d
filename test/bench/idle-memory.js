// What connections that do nothing cost the server, in memory: requests by keep-alive, WebSockets, event streams; on
// both lanes, and with node:http and ws by hand.
// `node idle-memory.js` prints a table; `node idle-memory.js ../before` that of another checkout, which is built too.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';
import { formatIdleMemory } from './report.js';

const SELF = fileURLToPath(import.meta.url);
const CONNECTIONS = 2_000;
const AT_ONCE = 100;
const SERVERS = ['fast', 'http', 'raw'];
const UPGRADE =
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

/** What a client sends, and the end of the answer after which it waits. */
const KINDS = [
  { name: 'keep-alive connection, after one request', target: '/', fields: '', until: 'hello' },
  { name: 'WebSocket', target: '/socket', fields: UPGRADE, until: '\r\n\r\n' },
  { name: 'WebSocket in one topic', target: '/topic', fields: UPGRADE, until: '\r\n\r\n' },
  { name: 'event stream', target: '/stream', fields: 'accept: text/event-stream\r\n', until: 'retry: ' },
  { name: 'event stream in one topic', target: '/topic', fields: 'accept: text/event-stream\r\n', until: 'retry: ' },
];

if (process.send !== undefined && process.argv[1] === SELF) await serve(process.argv[2], process.argv[3]);
else if (process.argv[1] === SELF) console.log(formatIdleMemory(await measureIdleMemory(process.argv[2])));

/**
 * Bytes of each connection, for each kind and server (fast lane, node:http lane, by hand), a process for each.
 *
 * @param {string} [checkout] whose build is measured; without it this one
 * @returns {Promise<{ name: string, servers: { heapBytes: number, rssBytes: number }[] }[]>}
 */
export async function measureIdleMemory(checkout) {
  const rows = [];
  for (const kind of KINDS) {
    const servers = [];
    for (const server of SERVERS) {
      const { heap, rss } = await sample(kind, server, checkout);
      servers.push({ heapBytes: heap / CONNECTIONS, rssBytes: rss / CONNECTIONS });
    }
    rows.push({ name: kind.name, servers });
  }
  return rows;
}

/** How much more a server holds with the connections than without. */
async function sample(kind, server, checkout) {
  const child = fork(SELF, checkout === undefined ? [server] : [server, resolve(checkout)], {
    execArgv: ['--expose-gc'],
  });
  const died = new AbortController();
  child.once('exit', () => died.abort(new Error('The server died.')));
  try {
    const [port] = await once(child, 'message', died);
    const ask = async () => {
      child.send('measure');
      return (await once(child, 'message', died))[0];
    };
    // What is made once for all is not counted.
    for (const socket of await openAll(kind, port, AT_ONCE)) socket.destroy();
    const before = await ask();
    const sockets = await openAll(kind, port, CONNECTIONS);
    const after = await ask();
    for (const socket of sockets) socket.destroy();
    return { heap: after.heap - before.heap, rss: after.rss - before.rss };
  } finally {
    if (child.connected) child.disconnect();
    if (child.exitCode === null) await once(child, 'exit');
  }
}

async function openAll(kind, port, count) {
  const sockets = [];
  while (sockets.length < count)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () => open(kind, port)))),
    );
  return sockets;
}

async function open({ target, fields, until }, port) {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  socket.write(`GET ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\n${fields}\r\n`);
  let text = '';
  while (!text.includes(until)) text += (await once(socket, 'data'))[0];
  return socket;
}

/** The server, in a process of its own; says on request what it holds. */
async function serve(kind, checkout) {
  const port = kind === 'raw' ? await listenByHand() : await listen(kind, checkout);
  process.on('message', () => void measure().then((held) => process.send(held)));
  process.on('disconnect', () => process.exit());
  process.send(port);
}

async function listen(lane, checkout) {
  const build =
    checkout === undefined ? 'portlight' : pathToFileURL(`${checkout}/packages/portlight/dist/index.js`).href;
  const { HttpServer } = await import(build);
  const server = new HttpServer('127.0.0.1', 0, { lane })
    .get('/', () => 'hello')
    .accept('/socket', () => undefined)
    .accept('/topic', { open: (channel) => void channel.join('news') })
    .events('/stream', () => undefined)
    .events('/topic', (stream) => void stream.join('news'));
  await server.start();
  return server.getAddress().port;
}

/** As little as an app can write: a topic is a set. */
async function listenByHand() {
  const topic = new Set();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer((request, response) => {
    if (request.url === '/') response.end('hello');
    else {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 1000\n\n');
      if (request.url === '/topic') topic.add(response);
    }
  }).on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (websocket) => {
      websocket.on('message', () => {});
      if (request.url === '/topic') topic.add(websocket);
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function measure() {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await delay(50);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
