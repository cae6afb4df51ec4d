// One scenario of HTTP: slices of load on each server in turn, as ratios to the first.
import { measure } from './load.js';
import { startServer } from './start-server.js';

export const SLICE_SECONDS = 1;
/** Before anything counts: several processes on one core take longer than one until their code is compiled. */
const WARM_UP_SLICES = 3;

/**
 * The ratios of each server to the first, one for each round. Every other round goes the other way round.
 *
 * @param {import('./scenarios.js').Scenario} scenario
 * @param {ReadonlyMap<string, string>} files of the servers, by name
 * @param {number} rounds
 * @returns {Promise<Map<string, number[]>>}
 */
export async function measureScenario(scenario, files, rounds) {
  const names = [...files.keys()];
  const servers = await Promise.all([...files.values()].map((file) => startServer(file)));
  const load = ({ url }) => measure(url + scenario.path, scenario, SLICE_SECONDS);
  try {
    for (const [index, { url }] of servers.entries())
      if (!names[index].startsWith('node-net')) await check(url, scenario, names[index]);
    for (let slice = 0; slice < WARM_UP_SLICES; slice += 1) for (const server of servers) await load(server);
    const ratios = new Map(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      const rates = [];
      const order = [...servers.entries()];
      for (const [index, server] of round % 2 === 0 ? order : order.reverse()) rates[index] = await load(server);
      for (const [index, name] of names.entries()) ratios.get(name).push(rates[index] / rates[0]);
    }
    return ratios;
  } finally {
    for (const { process: child } of servers) child.kill('SIGKILL');
  }
}

/** Nothing is measured that gives a wrong answer. */
async function check(url, { path, method = 'GET', body, headers = {}, status, answer }, name) {
  const { connection: _, ...fields } = headers;
  const response = await fetch(url + path, { method, body, headers: fields });
  const text = await response.text();
  if (response.status !== status || (answer !== undefined && text !== answer))
    throw new Error(`${name} answers ${path} with ${response.status} ${text}.`);
}
