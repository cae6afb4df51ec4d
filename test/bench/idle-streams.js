// Many event streams that do nothing: what each costs in memory, whether a message reaches all, and what is left when
// they are gone. node idle-streams.js [streams = 5000] [seconds = 20]: from 16 seconds on, a heartbeat comes meanwhile.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HttpServer } from 'portlight';

const SELF = fileURLToPath(import.meta.url);
const AT_ONCE = 100;

if (process.send === undefined) await soak(Number(process.argv[2] ?? 5_000), Number(process.argv[3] ?? 20));
else await serve(process.argv[2]);

/** The server, in a process of its own; says on request what it holds. */
async function serve(lane) {
  const server = new HttpServer('127.0.0.1', 0, { lane, maxConnections: 100_000, maxConnectionsPerIp: 100_000 })
    .websocket({ maxChannels: 100_000, maxChannelsPerIp: 100_000 })
    .events('/feed', (stream) => void stream.join('news'));
  await server.start();
  const answers = { publish: async () => (await server.publish('news', 'to all')).subscribers, memory: measure };
  process.on('message', (what) => void answers[what]().then((answer) => process.send(answer)));
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

async function soak(streams, seconds) {
  console.log(`${streams} event streams for ${seconds} s, Node.js ${process.version}`);
  for (const lane of ['fast', 'http']) {
    const child = fork(SELF, [lane], { execArgv: ['--expose-gc'] });
    const [port] = await once(child, 'message');
    const ask = async (what) => {
      child.send(what);
      return (await once(child, 'message'))[0];
    };
    // What is made once for all is not counted.
    await close(await open(port, AT_ONCE));
    const before = await ask('memory');
    const clients = await open(port, streams);
    const opened = await ask('memory');
    await delay(seconds * 1_000);
    const beats = clients.filter(({ text }) => text.includes('\n:\n')).length;
    const subscribers = await ask('publish');
    await Promise.all(clients.map((client) => client.until('data: to all\n')));
    const used = await ask('memory');
    await close(clients);
    while ((await ask('publish')) > 0) await delay(50);
    const after = await ask('memory');
    const each = (one) =>
      `heap ${((one.heap - before.heap) / streams / 1_024).toFixed(1)} KiB, rss ${((one.rss - before.rss) / streams / 1_024).toFixed(1)} KiB`;
    console.log(
      `${lane}: a stream takes ${each(opened)} when it is open, ${each(used)} after ${seconds} s and a message`,
    );
    console.log(
      `${lane}: ${beats} got a heartbeat, the message went to ${subscribers}; of each is left: ${each(after)}`,
    );
    child.disconnect();
    await once(child, 'exit');
  }
}

async function open(port, count) {
  const clients = [];
  while (clients.length < count)
    clients.push(
      ...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - clients.length) }, () => openOne(port)))),
    );
  return clients;
}

async function openOne(port) {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let look = () => {};
  const client = {
    socket,
    text: '',
    until: (part) =>
      new Promise((resolve, reject) => {
        look = () => client.text.includes(part) && resolve();
        socket.once('error', reject);
        look();
      }),
  };
  socket.on('data', (text) => {
    client.text += String(text);
    look();
  });
  socket.write('GET /feed HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\n\r\n');
  await client.until('retry: ');
  return client;
}

function close(clients) {
  return Promise.all(
    clients.map(({ socket }) => {
      socket.on('error', () => {}).destroy();
      return socket.closed ? undefined : once(socket, 'close');
    }),
  );
}
