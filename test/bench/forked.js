// What a process for each connection costs, and what it gives: `node forked.js`. Ratios to one process, in turn; beside
// PHP-FPM, whose processes have a request each, where it and nginx are installed.
import { readdirSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { measure } from './load.js';
import { childrenOf, privateBytes } from './memory-of.js';
import { startServer } from './start-server.js';

const ROUNDS = 5;
/** With ten clients: each of eight processes on one core compiles its code, a connection at a time. */
const WARM_UP_SECONDS = 40;
const CLOSE = { connection: 'close' };
const MODES = ['concurrent', 'workers', 'forked'];
const PHP = 'PHP-FPM behind nginx';
const middle = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];

const fileOf = (name) => fileURLToPath(new URL(`servers/${name}.js`, import.meta.url));
// One after the other: several that start at once on one core take long.
const servers = [];
for (const mode of MODES) servers.push({ mode, ...(await startServer(fileOf('in-mode'), { MODE: mode })) });
const fpm = fpmProgram();
if (fpm === undefined) console.log('SKIPPED: PHP-FPM, as php-fpm or nginx is not installed.');
else servers.push({ mode: PHP, ...(await startServer(fileOf('php-fpm'), { PHP_FPM: fpm })) });

function fpmProgram() {
  const programs = readdirSync('/usr/sbin');
  return programs.includes('nginx') ? programs.find((name) => name.startsWith('php-fpm')) : undefined;
}

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
  for (const { url } of servers) await measure(url, { headers: CLOSE, connections: 10 }, WARM_UP_SECONDS);
  for (const connections of [1, 10, 100]) {
    const rates = new Map(servers.map(({ mode }) => [mode, []]));
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
    const blocked = Array.from({ length: 7 }, () => firstByteMs(`${url}/block?ms=1000`));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const waits = [];
    for (let count = 0; count < 20; count += 1) waits.push(await firstByteMs(url));
    await Promise.all(blocked);
    console.log(
      `beside seven that block, ${mode}: first byte after ${middle(waits).toFixed(1)} ms,`,
      Math.max(...waits).toFixed(1),
    );
  }
  for (const {
    mode,
    process: { pid },
  } of servers) {
    const bytes = childrenOf(pid)
      .flatMap((child) => [child, ...childrenOf(child)])
      .map(privateBytes);
    if (mode !== 'concurrent')
      console.log(
        `memory of its own of each process after that, ${mode}, in MiB:`,
        bytes.map((each) => (each / 1_048_576).toFixed(1)).join(' '),
      );
  }
} finally {
  for (const { process: child } of servers) child.kill('SIGTERM');
}
