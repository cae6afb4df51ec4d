// Starts all of it, as three services would: the PHP app, what sends its outbox, and the server of the connections.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const { PHP_URL = 'http://127.0.0.1:8000', PORT = 8080 } = process.env;
const folder = fileURLToPath(new URL('.', import.meta.url));
const env = {
  BRIDGE_SECRET: randomBytes(32).toString('hex'),
  BRIDGE_URL: `http://127.0.0.1:${PORT}/_publish`,
  CHAT_FOLDER: `${folder}data`,
  // Of PHP's own server: one would wait for itself.
  PHP_CLI_SERVER_WORKERS: '4',
  ...process.env,
};

const programs = [
  ['php', '-S', new URL(PHP_URL).host, '-t', 'php/public'],
  ['php', 'php/send-outbox.php'],
  [process.execPath, 'server.js'],
  // Each leads a group: the workers of PHP's server would stay, and keep its port.
].map(([program, ...args]) =>
  spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true }),
);

console.log(`Open ${PHP_URL} in two browsers.`);
let isStopping = false;
function stop() {
  if (isStopping) return;
  isStopping = true;
  for (const { pid } of programs) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGTERM');
    } catch {
      // All of its group is gone.
    }
  }
}
for (const program of programs)
  program
    .on('error', ({ message }) => console.error(`${message}: is php-cli installed?`))
    .on('exit', (code) => {
      // One that ends by itself takes the others with it.
      if (!isStopping) process.exitCode = code || 1;
      stop();
    });
process.on('SIGINT', stop).on('SIGTERM', stop);
