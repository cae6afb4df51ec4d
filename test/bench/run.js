// Measures every scenario: slices in turn with the baseline, medians, ratios to node:http in the same run.
// `node run.js` prints; `node run.js --write` also writes docs/benchmarks.md; `--only=hello` runs one scenario of HTTP.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { canMeasure, freePort, measure, onCore } from './load.js';
import { formatReport } from './report.js';
import { SCENARIOS } from './scenarios.js';
import { measureStartUp } from './startup.js';
import { measureWebSockets } from './websocket.js';

const BASELINE = 'node-http';
const ROUNDS = 3;
const SLICE_SECONDS = 1;

const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7);
const results = [];
for (const scenario of SCENARIOS.filter(({ name }) => only === undefined || name.startsWith(only))) {
  if (!canMeasure(scenario)) {
    console.error(`SKIPPED: ${scenario.name}, which needs the program ${scenario.program}.`);
    continue;
  }
  results.push({ scenario: scenario.name, servers: await run(scenario) });
}
const websockets = only === undefined ? await measureWebSockets() : [];
const startUp = only === undefined ? measureStartUp() : [];
const report = formatReport(results, websockets, startUp, {
  baseline: BASELINE,
  rounds: ROUNDS,
  sliceSeconds: SLICE_SECONDS,
});
console.log(report);
if (process.argv.includes('--write')) await writeFile(new URL('../../docs/benchmarks.md', import.meta.url), report);

/** The ratios of each server to the baseline, one for each round. */
async function run(scenario) {
  const names = [BASELINE, ...scenario.servers];
  const servers = await Promise.all(names.map((name) => start(name)));
  try {
    for (const { name, url } of servers) if (!name.startsWith('node-net')) await check(url, scenario, name);
    for (const { url } of servers) await measure(url + scenario.path, scenario, SLICE_SECONDS);
    const ratios = new Map(names.map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      const rates = [];
      for (const { url } of servers) rates.push(await measure(url + scenario.path, scenario, SLICE_SECONDS));
      for (const [index, name] of names.entries()) ratios.get(name).push(rates[index] / rates[0]);
    }
    return ratios;
  } finally {
    for (const { process: child } of servers) child.kill('SIGKILL');
  }
}

async function start(name) {
  const port = await freePort();
  const file = fileURLToPath(new URL(`servers/${name}.js`, import.meta.url));
  const [command, ...args] = [...onCore(0), process.execPath, file, String(port)];
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      (await fetch(url).then(
        (response) => response.text(),
        () => undefined,
      )) !== undefined
    )
      return { name, url, process: child };
    await delay(25);
  }
  throw new Error(`${name} does not answer.`);
}

/** Nothing is measured that gives a wrong answer. */
async function check(url, { path, method = 'GET', body, headers = {}, status, answer }, name) {
  const { connection: _, ...fields } = headers;
  const response = await fetch(url + path, { method, body, headers: fields });
  const text = await response.text();
  if (response.status !== status || (answer !== undefined && text !== answer))
    throw new Error(`${name} answers ${path} with ${response.status} ${text}.`);
}
