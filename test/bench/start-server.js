// A server of the bench in a process of its own, on the first core.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, onCore } from './load.js';

/**
 * Resolves when it accepts connections.
 *
 * @param {string} file of the server; it takes its port as its only argument
 * @param {NodeJS.ProcessEnv} [environment]
 */
export async function startServer(file, environment = {}) {
  const port = await freePort();
  const [command, ...args] = [...onCore(0), programOf(file), file, String(port)];
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', ...environment },
  });
  for (let tries = 0; tries < 200; tries += 1) {
    if (await accepts(port)) return { port, url: `http://127.0.0.1:${port}`, process: child };
    await delay(25);
  }
  child.kill('SIGKILL');
  throw new Error(`${file} does not listen.`);
}

/** What runs a server. @param {string} file */
export const programOf = (file) => (file.endsWith('.php') ? 'php' : process.execPath);

async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
