// One slice of load on one server, by wrk where it is installed, else by autocannon.
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

const CONNECTIONS = 64;
/** As the test of the chat article has it: `ab -n 10000 -c 10`. */
const AB = ['-q', '-n', '10000', '-c', '10'];
const run = promisify(execFile);

/**
 * Whether there is the program that makes the load of a scenario.
 *
 * @param {import('./scenarios.js').Scenario} scenario
 */
export const canMeasure = ({ program }) => program === undefined || hasProgram(program, ['-V']);

export const GENERATOR = hasProgram('wrk', ['-v']) ? 'wrk' : 'autocannon';
/** Server and load on a core of their own, where the system can do that. */
const CAN_PIN = hasProgram('taskset', ['-V']);

/** The command in front of another that keeps it on one core. @param {number} core */
export const onCore = (core) => (CAN_PIN ? ['taskset', '-c', String(core)] : []);

/**
 * Requests per second over one slice.
 *
 * @param {string} url
 * @param {import('./scenarios.js').Scenario} scenario
 * @param {number} seconds
 */
export async function measure(url, scenario, seconds) {
  if (scenario.program === 'ab') return measureByAb(url);
  return GENERATOR === 'wrk' ? measureByWrk(url, scenario, seconds) : measureByAutocannon(url, scenario, seconds);
}

/** It makes a number of requests, whatever time they take. */
async function measureByAb(url) {
  const [command, ...args] = [...onCore(1), 'ab', ...AB, url];
  const { stdout } = await run(command, args);
  if (!/Failed requests:\s+0\n/.test(stdout)) throw new Error(`ab had failures with ${url}: ${stdout}`);
  return Number(/Requests per second:\s+([\d.]+)/.exec(stdout)?.[1]);
}

async function measureByWrk(
  url,
  { method = 'GET', body = '', headers = {}, pipelined = 1, connections = CONNECTIONS },
  seconds,
) {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const script = fileURLToPath(new URL('requests.lua', import.meta.url));
  const load = [
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '-s',
    script,
    url,
    '--',
    method,
    body,
    String(pipelined),
    ...fields,
  ];
  const [command, ...args] = [...onCore(1), ...load];
  const { stdout } = await run(command, args);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

async function measureByAutocannon(
  url,
  { method = 'GET', body, headers = {}, pipelined = 1, connections = CONNECTIONS },
  seconds,
) {
  const { default: autocannon } = await import('autocannon');
  const result = await autocannon({
    url,
    method,
    body,
    headers,
    pipelining: pipelined,
    connections,
    duration: seconds,
    requests: withKeys(headers),
  });
  return result.requests.total / result.duration;
}

/** A value `*` of a header is another key each time, of a thousand. */
function withKeys(headers) {
  const [keyed] = Object.entries(headers).find(([, value]) => value === '*') ?? [];
  if (keyed === undefined) return [{}];
  return Array.from({ length: 1_000 }, (_, key) => ({ headers: { ...headers, [keyed]: String(key + 1) } }));
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether it can be run here. @param {string} name @param {readonly string[]} args with which it ends at once */
export function hasProgram(name, args) {
  try {
    execFileSync(name, args, { stdio: 'ignore' });
    return true;
  } catch (error) {
    return error.code !== 'ENOENT';
  }
}
