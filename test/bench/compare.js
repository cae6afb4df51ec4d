// What a change costs: this build beside that of another checkout, which is built too, slice by slice in one run.
// `node compare.js ../before` prints the ratios; `--rounds=20` measures longer than the seven rounds of a second.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureScenario } from './measure-scenario.js';
import { formatRatio } from './report.js';
import { SCENARIOS } from './scenarios.js';
import { measureWebSockets } from './websocket.js';

const COMPARED = ['hello', 'param among 50 routes', 'JSON POST, validated'];

const [before] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const rounds = Number(process.argv.find((argument) => argument.startsWith('--rounds='))?.slice(9) ?? 7);
if (before === undefined) throw new Error('Name the checkout to compare with: node compare.js ../before');

/** A server of this checkout and the same of the other, which is the baseline. */
const both = (server) =>
  new Map([
    ['before', join(resolve(before), `test/bench/servers/${server}.js`)],
    ['after', fileURLToPath(new URL(`servers/${server}.js`, import.meta.url))],
  ]);

console.log(`| scenario | this build to ${before} |\n| --- | --- |`);
for (const scenario of SCENARIOS.filter(({ name }) => COMPARED.includes(name))) {
  const ratios = await measureScenario(scenario, both('portlight'), rounds);
  console.log(`| ${scenario.name} | ${formatRatio(ratios.get('after'))} |`);
}
for (const { name, ratios } of await measureWebSockets([...both('ws-portlight').values()], rounds))
  console.log(`| WebSocket: ${name} | ${formatRatio(ratios)} |`);
