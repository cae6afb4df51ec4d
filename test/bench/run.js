// Measures every scenario: slices in turn with the baseline, medians, ratios to node:http in the same run.
// `node run.js` prints; `node run.js --write` also writes docs/benchmarks.md; `--only=hello` runs, and writes, the
// scenarios of HTTP whose names begin so.
import { readFile, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureIdleMemory } from './idle-memory.js';
import { canMeasure, hasProgram } from './load.js';
import { measureBlocked, measureProcessMemory, measureStarts } from './processes.js';
import { measureScenario, SLICE_SECONDS } from './measure-scenario.js';
import { formatReport, replaceScenarios } from './report.js';
import { SCENARIOS } from './scenarios.js';
import { programOf } from './start-server.js';
import { measureStartUp } from './startup.js';
import { measureRooms, measureWebSockets } from './websocket.js';

const BASELINE = 'node-http';
const ROUNDS = 3;

const fileOf = (name) =>
  fileURLToPath(new URL(`servers/${extname(name) === '' ? `${name}.js` : name}`, import.meta.url));

function canStart(name) {
  const program = programOf(fileOf(name));
  if (hasProgram(program, ['-v'])) return true;
  console.error(`SKIPPED: ${name}, which needs the program ${program}.`);
  return false;
}

const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7);
const results = [];
for (const scenario of SCENARIOS.filter(({ name }) => only === undefined || name.startsWith(only))) {
  if (!canMeasure(scenario)) {
    console.error(`SKIPPED: ${scenario.name}, which needs the program ${scenario.program}.`);
    continue;
  }
  const files = [BASELINE, ...scenario.servers].filter(canStart).map((name) => [name, fileOf(name)]);
  results.push({ scenario: scenario.name, servers: await measureScenario(scenario, new Map(files), ROUNDS) });
}
const websockets = only === undefined ? [...(await measureWebSockets()), ...(await measureRooms())] : [];
const startUp = only === undefined ? measureStartUp() : [];
const memory = only === undefined ? await measureIdleMemory() : [];
const processes =
  only === undefined
    ? { blocked: await measureBlocked(), memory: await measureProcessMemory(), starts: measureStarts() }
    : undefined;
const report = formatReport(results, websockets, memory, startUp, processes, {
  baseline: BASELINE,
  rounds: ROUNDS,
  sliceSeconds: SLICE_SECONDS,
});
console.log(report);
if (process.argv.includes('--write')) {
  const page = new URL('../../docs/benchmarks.md', import.meta.url);
  await writeFile(page, only === undefined ? report : replaceScenarios(await readFile(page, 'utf8'), results));
}
