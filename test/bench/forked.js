// What a process for each connection costs, and what it gives: `node forked.js`. Ratios to one process, in turn.
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { measure } from './load.js';
import { startServer } from './start-server.js';

const ROUNDS = 5;
const CLOSE = { connection: 'close' };
const MODES = ['concurrent', 'workers', 'forked'];
const middle = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];

const file = fileURLToPath(new URL('servers/in-mode.js', import.meta.url));
// One after the other: several that start at once on one core take long.
const servers = [];
for (const mode of MODES) servers.push({ mode, ...(await startServer(file, { MODE: mode })) });

/** Milliseconds from the call to the first byte of an answer on a connection of its own. */
function firstByteMs(url) {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent: new Agent() }, (response) => {
      resolve(performance.now() - startedAt);
      response.resume();
    }).on('error', reject);
  });
}

try {
  for (const connections of [1, 10, 100]) {
    const rates = new Map(MODES.map((mode) => [mode, []]));
    for (const { url } of servers) await measure(url, { headers: CLOSE, connections }, 2);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const { mode, url } of servers) rates.get(mode).push(await measure(url, { headers: CLOSE, connections }, 1));
    const [one] = rates.values();
    for (const [mode, values] of rates)
      console.log(
        `${connections} clients, a connection each request, ${mode}: ${Math.round(middle(values))} a second,`,
        middle(values.map((value, round) => value / one[round])).toFixed(2),
      );
  }
  for (const { mode, url } of servers) {
    const blocked = Array.from({ length: 7 }, () => firstByteMs(`${url}/block?ms=3000`));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const waits = [];
    for (let count = 0; count < 20; count += 1) waits.push(await firstByteMs(url));
    await Promise.all(blocked);
    console.log(
      `beside seven that block, ${mode}: first byte after ${middle(waits).toFixed(1)} ms,`,
      Math.max(...waits).toFixed(1),
    );
  }
} finally {
  for (const { process: child } of servers) child.kill('SIGTERM');
}
