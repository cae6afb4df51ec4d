// WebSockets: echo, and one message or a burst of eight to a thousand members, as ratios to ws by hand in the same run.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { startServer } from './start-server.js';

const SLICE_MS = 1_000;

const SCENARIOS = [
  { name: 'echo, 64 clients', path: '/echo', clients: 64, run: echo },
  { name: 'one message to 1,000', path: '/room', clients: 1_000, run: (clients) => spread(clients, 1) },
  { name: 'eight messages in a tick to 1,000', path: '/room', clients: 1_000, run: (clients) => spread(clients, 8) },
];

const FILES = ['ws-bare', 'ws-portlight'].map((name) => fileURLToPath(new URL(`servers/${name}.js`, import.meta.url)));

/** A room whose members are on two processes, as ratios to one process. */
export async function measureRooms() {
  const file = (name) => fileURLToPath(new URL(`servers/${name}.js`, import.meta.url));
  const results = await measureWebSockets([file('ws-portlight'), file('room-workers')], 5, SCENARIOS.slice(1));
  return results.map(({ name, ratios }) => ({ name: `${name}, two processes to one`, ratios }));
}

/**
 * The ratios of one server to another, for each scenario, one for each round.
 *
 * @param {readonly string[]} files the baseline, and what is compared with it; without them `ws` and Portlight
 * @param {number} rounds
 */
export async function measureWebSockets(files = FILES, rounds = 5, scenarios = SCENARIOS) {
  const servers = await Promise.all(files.map((file) => startServer(file)));
  try {
    const results = [];
    for (const { name, path, clients, run } of scenarios) {
      const ends = await Promise.all(
        servers.map(({ port }) => Promise.all(Array.from({ length: clients }, () => connect(port, path)))),
      );
      const ratios = [];
      for (let round = -1; round < rounds; round += 1) {
        const rates = [];
        for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) rates[index] = await run(ends[index]);
        if (round >= 0) ratios.push(rates[1] / rates[0]);
      }
      for (const each of ends.flat()) each.terminate();
      results.push({ name, ratios });
    }
    return results;
  } finally {
    for (const { process: child } of servers) child.kill('SIGKILL');
  }
}

/** Messages a second that came back. */
async function echo(clients) {
  let count = 0;
  let isOn = true;
  for (const client of clients) {
    client.removeAllListeners('message').on('message', () => {
      count += 1;
      if (isOn) client.send('hello');
    });
    client.send('hello');
  }
  await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
  isOn = false;
  const rate = count;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return rate;
}

/** Messages a second that arrived, when one client asks for so many to everybody, again and again. */
async function spread(clients, messages) {
  const [first] = clients;
  const all = clients.length * messages;
  let count = 0;
  let total = 0;
  const began = performance.now();
  await new Promise((resolve) => {
    for (const client of clients) {
      client.removeAllListeners('message').on('message', () => {
        count += 1;
        if (count < all) return;
        total += count;
        count = 0;
        if (performance.now() - began < SLICE_MS) first.send(String(messages));
        else resolve();
      });
    }
    first.send(String(messages));
  });
  return (total / (performance.now() - began)) * 1_000;
}

async function connect(port, path) {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
  await once(client, 'open');
  return client;
}
