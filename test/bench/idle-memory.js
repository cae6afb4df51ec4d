// What connections that do nothing cost the server, in memory: requests by keep-alive, WebSockets, event streams.
// `node idle-memory.js` prints a table; `node idle-memory.js ../before` that of another checkout, which is built too.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { formatIdleMemory } from './report.js';

const SELF = fileURLToPath(import.meta.url);
const CONNECTIONS = 2_000;
const AT_ONCE = 100;
const ROUNDS = 3;
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
 * Bytes of each connection, for each kind and lane: medians of three processes.
 *
 * @param {string} [checkout] whose build is measured; without it this one
 * @returns {Promise<{ name: string, lane: string, heapBytes: number, rssBytes: number }[]>}
 */
export async function measureIdleMemory(checkout) {
  const rows = [];
  for (const kind of KINDS) {
    for (const lane of ['fast', 'http']) {
      const samples = [];
      for (let round = 0; round < ROUNDS; round += 1) samples.push(await sample(kind, lane, checkout));
      const of = (field) => samples.map((each) => each[field]).sort((one, other) => one - other)[ROUNDS >> 1];
      rows.push({ name: kind.name, lane, heapBytes: of('heap') / CONNECTIONS, rssBytes: of('rss') / CONNECTIONS });
    }
  }
  return rows;
}

/** How much more a server holds with the connections than without. */
async function sample(kind, lane, checkout) {
  const child = fork(SELF, checkout === undefined ? [lane] : [lane, resolve(checkout)], { execArgv: ['--expose-gc'] });
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
async function serve(lane, checkout) {
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
  process.on('message', () => void measure().then((held) => process.send(held)));
  process.on('disconnect', () => process.exit());
  process.send(server.getAddress().port);
}

async function measure() {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await delay(50);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
