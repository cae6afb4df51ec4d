// The results as a page: a table for each scenario, ratios with their spread, and how they came about.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { GENERATOR } from './load.js';

const PACKAGES = ['fastify', 'hono', '@hono/node-server', 'h3', 'polka', 'koa', 'express'];

/**
 * @param {readonly { scenario: string, servers: Map<string, number[]> }[]} results
 * @param {readonly { name: string, ratios: number[] }[]} websockets
 * @param {readonly { name: string, servers: { heapBytes: number, rssBytes: number }[] }[]} memory
 * @param {readonly { name: string, importMs: number, listeningMs: number }[]} startUp
 * @param {import('./processes.js').Processes | undefined} processes
 * @param {{ baseline: string, rounds: number, sliceSeconds: number }} method
 */
export function formatReport(results, websockets, memory, startUp, processes, { baseline, rounds, sliceSeconds }) {
  const versions = PACKAGES.map((name) => `${name} ${versionOf(name)}`).join(', ');
  return [
    '# Benchmarks',
    '',
    `Requests per second as a ratio to raw node:http (\`${baseline}\`) in the same run: the median of ${rounds} rounds, and in`,
    `parentheses the lowest and the highest. In a round each server is loaded for ${sliceSeconds} s, one after the other. One server process on one`,
    'core, the load generator on another, 64 keep-alive connections. A difference below 0.1 is noise. Written by `pnpm bench --write`.',
    '',
    `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${GENERATOR}; ${versions}.`,
    '',
    ...results.flatMap(({ scenario, servers }) => formatScenario(scenario, servers)),
    ...formatWebSockets(websockets),
    ...(memory.length === 0 ? [] : ['## Idle memory', '', formatIdleMemory(memory), '']),
    ...formatStartUp(startUp),
    ...formatProcesses(processes),
  ].join('\n');
}

/** The page with these scenarios measured anew. */
export function replaceScenarios(page, results) {
  const sections = page.split(/^(?=## )/m);
  for (const { scenario, servers } of results) {
    const index = sections.findIndex((section) => section.startsWith(`## ${scenario}\n`));
    sections.splice(
      index === -1 ? sections.length : index,
      index === -1 ? 0 : 1,
      `${formatScenario(scenario, servers).join('\n')}\n`,
    );
  }
  return sections.join('');
}

function formatScenario(scenario, servers) {
  const rows = [...servers].map(([name, ratios]) => ({ name, ratios, middle: median(ratios) }));
  rows.sort((one, other) => other.middle - one.middle);
  const longest = rows[0].middle;
  const bar = (value) => '█'.repeat(Math.max(1, Math.round((value / longest) * 20)));
  return [
    `## ${scenario}`,
    '',
    '| server | ratio | |',
    '| --- | --- | --- |',
    ...rows.map(({ name, ratios, middle }) => `| ${name} | ${formatRatio(ratios)} | ${bar(middle)} |`),
    '',
  ];
}

function formatWebSockets(results) {
  if (results.length === 0) return [];
  return [
    '## WebSockets',
    '',
    'Messages per second as a ratio to `ws` by hand, the same program doing what an app would write: five rounds of a second.',
    '',
    '| scenario | ratio |',
    '| --- | --- |',
    ...results.map(({ name, ratios }) => `| ${name} | ${formatRatio(ratios)} |`),
    '',
  ];
}

/** The median, with the lowest and the highest. @param {readonly number[]} ratios */
export function formatRatio(ratios) {
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
}

/**
 * What a connection that does nothing costs.
 *
 * @param {readonly { name: string, servers: { heapBytes: number, rssBytes: number }[] }[]} rows of the fast lane, the
 *   node:http lane, and by hand
 */
export function formatIdleMemory(rows) {
  const kib = (bytes) => (bytes / 1_024).toFixed(1);
  const cell = ({ heapBytes, rssBytes }) => `${kib(heapBytes)}, ${kib(rssBytes)}`;
  return [
    'KiB that the server process holds for each of 2,000 connections that do nothing: the heap with what lies outside of it',
    '(buffers), then the resident set, which differs from run to run by two or three; after a collection. The client is another',
    'process.',
    '',
    '| | fast lane | node:http lane | node:http and ws by hand |',
    '| --- | --- | --- | --- |',
    ...rows.map(({ name, servers }) => `| ${name} | ${servers.map(cell).join(' | ')} |`),
  ].join('\n');
}

function formatStartUp(rows) {
  if (rows.length === 0) return [];
  return [
    '## Start',
    '',
    'Medians of seven processes, in milliseconds: the import alone, and from the start of the process to a server that listens.',
    '',
    '| framework | import | listening |',
    '| --- | --- | --- |',
    ...rows.map(
      ({ name, importMs, listeningMs }) => `| ${name} | ${importMs.toFixed(0)} | ${listeningMs.toFixed(0)} |`,
    ),
    '',
  ];
}

/** @param {import('./processes.js').Processes | undefined} processes */
export function formatProcesses(processes) {
  if (processes === undefined) return [];
  const mib = (bytes) => (bytes / 1_048_576).toFixed(1);
  return [
    '## Processes',
    '',
    'While a handler blocks one of two processes for two seconds, fifty new clients come, one after the other. How long the one of them',
    'waits that waits longest, in milliseconds: the median of five rounds, with the lowest and the highest.',
    '',
    '| | ms |',
    '| --- | --- |',
    ...processes.blocked.map(({ name, waits }) => `| ${name} | ${formatMs(waits)} |`),
    '',
    'Private memory of each process that has answered nothing yet, in MiB.',
    '',
    '| | first process | each child |',
    '| --- | --- | --- |',
    ...processes.memory.map(
      ({ name, primaryBytes, childBytes }) =>
        `| ${name} | ${mib(primaryBytes)} | ${childBytes.map(mib).join(', ') || 'none'} |`,
    ),
    '',
    'From the start of the program until it listens, in milliseconds, all children ready: medians of five.',
    '',
    '| mode, processes | ms |',
    '| --- | --- |',
    ...processes.starts.map(({ name, listeningMs }) => `| ${name} | ${listeningMs} |`),
    '',
  ];
}

function formatMs(values) {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map(Math.round);
  return `${middle} (${least}–${most})`;
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Read from the file, as some packages do not export theirs. */
function versionOf(name) {
  const entry = createRequire(import.meta.url)
    .resolve.paths(name)
    .map((folder) => `${folder}/${name}/package.json`);
  for (const file of entry) {
    try {
      return JSON.parse(readFileSync(file, 'utf8')).version;
    } catch {
      // Not in this folder.
    }
  }
  return 'of unknown version';
}
