import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { connect } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { launchBrowser, SKIPS_BROWSER } from './browser.ts';
import { RunningProgram } from './run-program.ts';

const SERVER = fileURLToPath(new URL('../../examples/luminova/server.js', import.meta.url));
const ENDED = { code: 0, signal: null };
const MODES = [
  ['sequential', ['--start']],
  ['forked', ['--start', '--forked']],
] as const;

describe.each(MODES)('%s', (mode, start) => {
  test('every route answers, and connections are told of', async () => {
    await using place = await Place.find();
    await using server = place.run(...start);
    const base = await server.url('');
    const get = async (path: string, init?: RequestInit): Promise<string> =>
      (await fetch(base + path, { ...init, headers: { connection: 'close' } })).text();
    expect(await get('/')).toBe('<h1>Hello, World!</h1>');
    expect(await get('/user')).toBe('Hello, Guest');
    expect(await get('/user?name=Ada')).toBe('Hello, Ada');
    expect(await get('/submit', { method: 'POST' })).toBe('Form submitted!');
    expect(await get('/foo')).toBe('Response string from foo!');
    const missing = await fetch(`${base}/nowhere`, { headers: { connection: 'close' } });
    expect([missing.status, await missing.text()]).toEqual([404, '404 There is nothing at this path.']);
    expect(await get('/connect')).toBe('Client successfully connected.');
    await server.said('Connected: 127.0.0.1');
    expect(await get('/disconnect')).toBe('Client successfully disconnected.');
    await server.said('Disconnected: 127.0.0.1');
  });

  test.each([
    ['/ws', 'WebSocket'],
    ['/ws/room/7', 'WebSocket'],
  ])('a WebSocket at %s', async (path, kind) => {
    await using place = await Place.find();
    await using server = place.run(...start);
    await server.url();
    await using client = await WebSocketClient.open(place.port, path);
    client.websocket.send('Hello');
    const [data] = (await once(client.websocket, 'message')) as [Buffer];
    expect(data.toString()).toBe(`${kind} message: Hello`);
  });

  test('a client of Socket.IO at /socket.io', async () => {
    await using place = await Place.find();
    await using server = place.run(...start);
    const transports = mode === 'forked' ? ['websocket'] : ['polling', 'websocket'];
    const socket = connect(await server.url(''), { transports });
    const answer = once(socket as unknown as EventEmitter, 'message');
    socket.send('Hello');
    expect(await answer).toEqual(['SocketIO message: Hello']);
    socket.disconnect();
  });

  test.skipIf(SKIPS_BROWSER)('a page that loads the client of Socket.IO from there', async () => {
    await using place = await Place.find();
    await using server = place.run(...start);
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(await server.url(''));
      await page.addScriptTag({ url: '/socket.io/socket.io.min.js' });
      const transports = mode === 'forked' ? ['websocket'] : ['polling', 'websocket'];
      const said = await page.evaluate<readonly string[]>(`new Promise((resolve, reject) => {
        const socket = io({ transports: ${JSON.stringify(transports)} });
        const said = [];
        const note = (text) => said.push(text) === 2 && resolve(said);
        socket.on('connect_error', reject).on('message', note);
        socket.on('connect', () => {
          const { engine } = socket.io;
          socket.send('Hello');
          if (engine.transport.name === 'websocket') note('websocket');
          else engine.on('upgrade', ({ name }) => note(name));
        });
      })`);
      expect(said.toSorted()).toEqual(['SocketIO message: Hello', 'websocket']);
    } finally {
      await browser.close();
    }
  });

  test('--stop ends it, and waits for that', async () => {
    await using place = await Place.find();
    await using server = place.run(...start);
    await server.url();
    expect(existsSync(place.pidFile)).toBe(true);
    expect(await place.output('--stop')).toEqual({ ...ENDED, output: 'It has stopped.\n' });
    expect(await server.exit).toEqual(ENDED);
    expect(existsSync(place.pidFile)).toBe(false);
  });

  test('a second --start is refused and leaves the file of the first', async () => {
    await using place = await Place.find();
    await using server = place.run(...start);
    await server.url();
    const held = readFileSync(place.pidFile, 'utf8');
    await using second = place.run(...start);
    expect((await second.exit).code).toBe(1);
    expect(second.errors).toContain(`It runs already, as process ${server.process.pid}.\n`);
    expect(second.errors).not.toContain('    at ');
    expect(readFileSync(place.pidFile, 'utf8')).toBe(held);
  });

  test('a file that a dead process left is replaced', async () => {
    await using place = await Place.find();
    writeFileSync(place.pidFile, `${process.pid} 1\n`); // This pid lives, but began at another time.
    expect((await place.output('--stop')).output).toBe('It does not run.\n');
    await using server = place.run(...start);
    await server.url();
    expect(readFileSync(place.pidFile, 'utf8')).toMatch(new RegExp(`^${server.process.pid} `));
  });

  test('--stop --kill ends one that does not answer, and frees the port', async () => {
    await using place = await Place.find();
    await using server = place.run(...start);
    await server.url();
    server.kill('SIGSTOP');
    expect((await place.output('--stop', '--kill')).code).toBe(0);
    await server.exit;
    const next = createServer().listen(place.port, '127.0.0.1');
    await once(next, 'listening');
    next.close();
  });
});

test('--stop with nothing to stop says so', async () => {
  await using place = await Place.find();
  expect(await place.output('--stop')).toEqual({ ...ENDED, output: 'It does not run.\n' });
});

test.each(['', '--kill', '--forked', '--start --stop', '--start --kill', '--stop --forked', '--wrong', 'start'])(
  'the wrong command "%s" gives a usage text and 2',
  async (command) => {
    const args = command.split(' ').filter((arg) => arg !== '');
    await using place = await Place.find();
    await using program = place.run(...args);
    expect(await program.exit).toEqual({ code: 2, signal: null });
    expect(program.errors).toBe('Usage: node server.js --start [--forked] | --stop [--kill]\n');
  },
);

/** A port and a pid file for one server. */
class Place implements AsyncDisposable {
  readonly port: number;
  readonly #folder: TempFolder;

  private constructor(port: number, folder: TempFolder) {
    this.port = port;
    this.#folder = folder;
  }

  static async find(): Promise<Place> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    return new Place(port, await TempFolder.create());
  }

  get pidFile(): string {
    return this.#folder.at('server.pid');
  }

  run(...args: readonly string[]): RunningProgram {
    const environment = { PORT: String(this.port), PID_FILE: this.pidFile };
    return new RunningProgram([SERVER, ...args], environment, { isGroup: true });
  }

  async output(...args: readonly string[]): Promise<{ code: number | null; signal: string | null; output: string }> {
    await using program = this.run(...args);
    return { ...(await program.exit), output: program.output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}
