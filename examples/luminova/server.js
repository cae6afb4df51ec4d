// The integration example of Luminova, with Portlight: routes, WebSockets, and commands that start and stop it.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { socketIo } from '@portlight/socket.io';
import { HttpResponse, HttpServer, ListenError } from 'portlight';
import { AlreadyRuns, isAlive, leavePidFile, readPidFile, takePidFile } from './pid-file.js';

const USAGE = 'Usage: node server.js --start [--forked] | --stop [--kill]';
const port = Number(process.env.PORT ?? 8081);
const pidFile = process.env.PID_FILE ?? join(tmpdir(), `portlight-luminova-${port}.pid`);

const command = readCommand();
if (command === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else if (command.start) {
  await createServer()
    .run({ mode: command.forked ? 'forked' : 'sequential' })
    .catch(sayWhyNot);
} else {
  await stop(command.kill === true);
}

/** That it runs already, or that another program has its port, is told in a sentence; a mistake keeps its stack. */
function sayWhyNot(error) {
  if (!(error instanceof AlreadyRuns || error instanceof ListenError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function createServer() {
  const server = new HttpServer('127.0.0.1', port).debug();
  socketIo(server, { path: '/socket.io' }).on('connection', (socket) =>
    socket.on('message', (message) => socket.send(`SocketIO message: ${String(message)}`)),
  );
  return server
    .websocket()
    .connect((client) => console.log(`Connected: ${client.id}`))
    .disconnect((client) => console.log(`Disconnected: ${client.id}`))
    .error((error) => HttpResponse.text(`${error.status} ${error.message}`))
    .get('/', () => HttpResponse.html('<h1>Hello, World!</h1>'))
    .get('/user', ({ query }) => `Hello, ${String(query.name ?? 'Guest')}`)
    .post('/submit', () => 'Form submitted!')
    .get('/foo', () => HttpResponse.raw('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nResponse string from foo!'))
    .accept(/\/ws(?:\/.*)?/, (message) => `WebSocket message: ${String(message)}`)
    .onPrimary(() => takePidFile(pidFile))
    .onStart(() => console.log(`listening ${server.getAddress().port}`))
    .onShutdown(() => leavePidFile(pidFile));
}

/** Asks the server to end and waits for it; with `kill`, whoever has the port two seconds later is ended. */
async function stop(kill) {
  const owner = readPidFile(pidFile);
  if (owner === undefined) console.log('It does not run.');
  else {
    process.kill(owner.pid, 'SIGTERM');
    const end = performance.now() + (kill ? 2_000 : 30_000);
    while (isAlive(owner) && performance.now() < end) await pause(50);
  }
  if (kill) await new HttpServer('127.0.0.1', port).shutdown({ kill: true });
  if (owner === undefined) return;
  const hasEnded = !isAlive(owner);
  console.log(hasEnded ? 'It has stopped.' : `Process ${owner.pid} still runs.`);
  if (!hasEnded) process.exitCode = 1;
}

/** What was asked for; `undefined` for what makes no sense. */
function readCommand() {
  const flag = { type: 'boolean' };
  try {
    const { values } = parseArgs({ options: { start: flag, forked: flag, stop: flag, kill: flag } });
    const isStart = values.start && !values.stop && !values.kill;
    const isStop = values.stop && !values.start && !values.forked;
    return isStart || isStop ? values : undefined;
  } catch {
    return undefined;
  }
}
