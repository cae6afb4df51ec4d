// What processes cost and give: their memory, how long a child takes to be ready, and how long a new client waits while
// another one blocks a process.
import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { childrenOf, privateBytes } from './memory-of.js';
import { formatProcesses } from './report.js';
import { startServer } from './start-server.js';

const BLOCKERS = [
  ["mode 'workers'", 'blocking-workers', {}],
  ['node:cluster, round-robin', 'blocking-cluster', { POLICY: 'round-robin' }],
  ['node:cluster, shared', 'blocking-cluster', { POLICY: 'shared' }],
];
const STARTS = [
  ['concurrent', 1],
  ['workers', 1],
  ['workers', 2],
  ['workers', 4],
];
const NEW_CLIENTS = 50;
const ROUNDS = 5;

/**
 * @typedef {object} Processes
 * @property {readonly { name: string, waits: number[] }[]} blocked
 * @property {readonly { name: string, primaryBytes: number, childBytes: number[] }[]} memory
 * @property {readonly { name: string, listeningMs: number }[]} starts
 */

const fileOf = (server) => fileURLToPath(new URL(`servers/${server}.js`, import.meta.url));

/** How long the one of many new clients waits that waits longest, in milliseconds, by server: one for each round. */
export async function measureBlocked() {
  const results = [];
  for (const [name, server, environment] of BLOCKERS) {
    const waits = [];
    for (let round = 0; round < ROUNDS; round += 1) waits.push(await longestWait(fileOf(server), environment));
    results.push({ name, waits });
  }
  return results;
}

async function longestWait(file, environment) {
  const { url, process: primary } = await startServer(file, environment);
  try {
    // Each child has answered before.
    for (let count = 0; count < 20; count += 1) await timeOf(`${url}/`);
    const blocked = timeOf(`${url}/block`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const waits = [];
    for (let count = 0; count < NEW_CLIENTS; count += 1) {
      waits.push(timeOf(`${url}/`));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const longest = Math.max(...(await Promise.all(waits)));
    await blocked;
    return longest;
  } finally {
    primary.kill('SIGKILL');
  }
}

/** How long a request on a connection of its own takes, in milliseconds. */
function timeOf(url) {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (response) => {
      response.resume().on('end', () => resolve(performance.now() - startedAt));
    })
      .on('error', reject)
      .end();
  });
}

/** Private memory of the processes of servers that have answered nothing yet, in bytes. */
export async function measureProcessMemory() {
  const results = [];
  for (const name of ['portlight', 'portlight-workers', 'cluster-node-http-shared', 'cluster-fastify-shared']) {
    const { process: primary } = await startServer(fileOf(name));
    try {
      // The second child may be on its way, and what is warmed up behind the start.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const children = childrenOf(primary.pid);
      results.push({ name, primaryBytes: privateBytes(primary.pid), childBytes: children.map(privateBytes) });
    } finally {
      primary.kill('SIGKILL');
    }
  }
  return results;
}

/** How long it takes from the start of the program until it listens, in milliseconds: medians. */
export function measureStarts() {
  const file = fileOf('start-in-mode');
  const start = (mode, processes) =>
    Number(execFileSync(process.execPath, [file, mode, String(processes)], { encoding: 'utf8' }));
  return STARTS.map(([mode, processes]) => {
    const times = Array.from({ length: ROUNDS }, () => start(mode, processes)).sort((one, other) => one - other);
    return { name: `'${mode}', ${processes}`, listeningMs: times[ROUNDS >> 1] };
  });
}

// `node processes.js` measures this alone.
if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(
    formatProcesses({
      blocked: await measureBlocked(),
      memory: await measureProcessMemory(),
      starts: measureStarts(),
    }).join('\n'),
  );
