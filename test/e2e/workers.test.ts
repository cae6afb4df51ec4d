import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { RunningProgram } from './run-program.ts';
import { isAlive, type ToldWorker, WorkersApp } from './workers-app.ts';

const pidsOf = (workers: readonly ToldWorker[]): readonly number[] => workers.map(({ pid }) => pid);
const byId = ([one, other]: readonly ToldWorker[]): readonly [ToldWorker, ToldWorker] => [
  one as ToldWorker,
  other as ToldWorker,
];

describe('an app with child processes', () => {
  test('serves from all of them on one port, which each knows, and runs each hook where it belongs', async () => {
    await using app = new WorkersApp();
    const port = await app.port();
    const workers = await app.workers();
    expect(workers).toEqual(
      [1, 2].map((id) => ({
        id,
        pid: expect.any(Number) as number,
        state: 'ready',
        connections: expect.any(Number) as number,
        requests: expect.any(Number) as number,
        memoryBytes: expect.any(Number) as number,
        lagMs: expect.any(Number) as number,
        restarts: 0,
        startedAt: expect.any(Number) as number,
      })),
    );
    for (const pid of pidsOf(workers)) {
      await using client = await app.connectTo(pid);
      const place = await client.send(get('/place')).response();
      expect(JSON.parse(place.body)).toEqual({ address: '127.0.0.1', port, isConnected: true });
    }
    app.kill('SIGTERM');
    expect(await app.exit).toEqual({ code: 0, signal: null });
    const count = (text: string): number => app.count(text);
    expect([count('onPrimary'), count(`onStart, listening ${port}`), count('onShutdown')]).toEqual([1, 1, 1]);
    expect([count('onWorkerStart'), count('onWorkerStop')]).toEqual([2, 2]);
    expect(app.output.startsWith(`onPrimary by ${app.process.pid}\n`)).toBe(true);
    const lines = app.output.trimEnd().split('\n');
    expect(lines.at(-2)).toBe(`onShutdown by ${app.process.pid}`);
    expect(lines.at(-1)).toMatch(new RegExp(`^after run: .*"reason":"SIGTERM".* by ${app.process.pid}$`));
    for (const pid of pidsOf(workers)) expect(app.output).toMatch(new RegExp(`after run: .*"SIGTERM".* by ${pid}\n`));
    expect(app.errors).toMatch(/^\S+ INFO Listening on http:\/\/127\.0\.0\.1:\d+\.\n$/);
  });

  test.each([
    ['in-hook', 'TypeError: no database', 'no database'],
    ['hard', 'WorkerError: ', 'with code 7'],
    ['in-registration', 'ConfigError: ', 'A connection is required of clients'],
  ])('ends with 1 when it fails %s, says so once, and no child is left', async (fails, name, text) => {
    await using app = new WorkersApp({ fails });
    expect(await app.exit).toEqual({ code: 1, signal: null });
    expect(app.errors.split('\n').filter((line) => line.startsWith(name) && line.includes(text))).toHaveLength(1);
    const isStarted = fails !== 'in-registration';
    expect([app.count('onWorkerStart') > 0, app.count('onShutdown') > 0]).toEqual([isStarted, isStarted]);
  });

  test('says what to do where it was started from no file, before anything of the app runs', async () => {
    const code = `
      const { HttpServer } = await import('portlight');
      await new HttpServer().onPrimary(() => console.log('onPrimary')).run({ mode: 'workers' });
    `;
    await using program = new RunningProgram(['--input-type=module', '--eval', code]);
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.errors).toMatch(/ConfigError: .*node -e.*the option entry/);
    expect(program.output).toBe('');
  });

  test('leaves a debugger to the primary, and keeps what else Node was started with', async () => {
    await using app = new WorkersApp({}, ['--inspect=0', '--import', './fixtures/without-shared-handles.mjs']);
    expect(await app.workers()).toHaveLength(2);
    expect(app.errors.match(/Debugger listening/g)).toHaveLength(1);
  });

  test('starts no child where the port is in use', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    await using app = new WorkersApp({ at: `tcp://127.0.0.1:${port}` });
    expect(await app.exit).toEqual({ code: 1, signal: null });
    expect(app.errors).toMatch(new RegExp(`PortInUseError: Port ${port} .* by process ${process.pid} \\(`));
    expect(app.count('onWorkerStart')).toBe(0);
    holder.close();
  });

  test('passes messages from child to child, on WebSockets and event streams', async () => {
    await using app = new WorkersApp();
    const port = await app.port();
    const [one, other] = byId(await app.workers());
    await using sender = await openChat(app, one.pid);
    await using receiver = await openChat(app, other.pid);
    await using events = await EventClient.open(port, '/feed');
    sender.send('hello');
    expect(await receiver.messages(1)).toEqual(['hello']);
    expect((await events.events(1)).map(({ data }) => data)).toEqual(['hello']);
    expect(JSON.parse(await app.get('/publish'))).toMatchObject({ subscribers: 3 });
    expect(await sender.messages(1)).toEqual(['published']);
  });

  test('counts connections and channels of all children together', async () => {
    await using app = new WorkersApp({ maxConnections: 6, websocket: { maxChannels: 3 } });
    const port = await app.port();
    const channels = await Promise.all(
      Array.from({ length: 5 }, () =>
        WebSocketClient.open(port, '/chat').then(
          (client) => client,
          () => undefined,
        ),
      ),
    );
    expect(channels.filter((client) => client !== undefined)).toHaveLength(3);
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.open(port)));
    for (const client of clients) client.send(get('/'));
    const isSettled = ({ received, isClosed, hasEnded }: RawClient): boolean => received !== '' || isClosed || hasEnded;
    await Promise.all(clients.map((client) => client.until(() => isSettled(client), 'an answer or an end')));
    expect(clients.filter((client) => client.received !== '')).toHaveLength(3);
    for (const client of [...clients, ...channels]) await client?.[Symbol.asyncDispose]();
  });

  test('may have a server of its primary beside it, runs again after a stop, and is the only one with children', async () => {
    await using program = new RunningProgram(['fixtures/two-servers.mjs']);
    const [, admin, first] = await program.said(/admin at (\d+), listening (\d+)/);
    const ask = async (port: string | undefined, path = '/'): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })).text();
    expect(await ask(admin)).toBe(`admin ${program.process.pid}`);
    expect(await ask(first, '/stop')).toBe('bye');
    const [, second] = await program.said(/listening \d+\n[^]*listening (\d+)\n/);
    expect(await ask(admin)).toBe(`admin ${program.process.pid}`);
    expect(await ask(second, '/stop')).toBe('bye');
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.output.match(/^first end by /gm)).toHaveLength(5);
    expect(program.output).toMatch(new RegExp(`second end by ${program.process.pid}\n$`));
    expect(program.output).toContain(`ERR_PORTLIGHT_CONFIG by ${program.process.pid}\n`);
    expect(program.errors).not.toMatch(/ERROR|WARN/);
  });

  test('tells a living child of the clients that a dead one had connected', async () => {
    await using app = new WorkersApp();
    const [one] = byId(await app.workers());
    await using client = await app.connectTo(one.pid);
    expect((await client.send(get('/connect')).response()).status).toBe(200);
    await app.said('127.0.0.1 connected');
    process.kill(one.pid, 'SIGKILL');
    const [, teller] = await app.said(/127\.0\.0\.1 disconnected for worker-lost by (\d+)/);
    expect([app.process.pid, one.pid]).not.toContain(Number(teller));
  });

  test('replaces a child in which an error is uncaught, and ends with 0', async () => {
    await using app = new WorkersApp({ isLogged: true });
    const [one] = byId(await app.workers());
    await using client = await app.connectTo(one.pid);
    expect((await client.send(get('/throw')).response()).body).toBe('thrown');
    await app.said(new RegExp(`after run: .*"reason":"uncaught".* by ${one.pid}`));
    await app.settled((workers) => workers.some(({ id, restarts }) => id === 1 && restarts === 1));
    expect(app.errors).toMatch(/ERROR An error that nothing caught.* worker=1\nRangeError: thrown for a test/);
    app.kill('SIGINT');
    const exit = await app.exit;
    expect(app.report()).toMatchObject({ reason: 'SIGINT', forced: 0 });
    expect(exit).toEqual({ code: 0, signal: null });
  });

  test('says which child a line of the log is of', async () => {
    await using app = new WorkersApp({ isLogged: true });
    await app.port();
    app.kill('SIGTERM');
    await app.exit;
    for (const id of [1, 2]) expect(app.errors).toMatch(new RegExp(`INFO Stopped\\. worker=${id} `));
    expect(app.errors).toMatch(/INFO Stopped\. reason="SIGTERM"/);
  });

  test('is stopped as a whole by a shutdown in a child, and ends with 0', async () => {
    await using app = new WorkersApp();
    expect(await app.get('/stop')).toBe('bye');
    expect(await app.exit).toEqual({ code: 0, signal: null });
    expect(app.count('stopped for shutdown')).toBe(1);
    expect(app.report()).toMatchObject({ reason: 'shutdown', forced: 0 });
  });

  test('ends at once with 1 at the second signal, and its children with it', async () => {
    await using app = new WorkersApp();
    const workers = await app.workers();
    const hanging = app.get('/hang').catch(() => 'cut');
    await app.said('hang begun');
    app.kill('SIGTERM');
    await app.said('onWorkerStop');
    app.kill('SIGINT');
    expect(await app.exit).toEqual({ code: 1, signal: null });
    expect(await hanging).toBe('cut');
    await expect.poll(() => pidsOf(workers).filter(isAlive)).toEqual([]);
    expect(app.count('onShutdown')).toBe(0);
  });

  test('leaves nothing behind when its primary is killed', async () => {
    await using app = new WorkersApp();
    const port = await app.port();
    const workers = await app.workers();
    const [one] = byId(workers);
    await using blocked = await app.connectTo(one.pid);
    blocked.send(get('/block/1000000'));
    await app.said('block begun');
    app.kill('SIGKILL');
    await expect.poll(() => pidsOf(workers).filter(isAlive), { timeout: 4_000 }).toEqual([]);
    const tryToConnect = (): Promise<string> =>
      RawClient.open(port).then(
        async (client) => client[Symbol.asyncDispose]().then(() => 'open'),
        (error: NodeJS.ErrnoException) => error.code ?? '',
      );
    await expect.poll(tryToConnect).toBe('ECONNREFUSED');
    expect(app.errors).not.toContain('ERROR');
  });
});

/** A chat with one of the children. */
async function openChat(app: WorkersApp, pid: number): Promise<WebSocketClient> {
  for (;;) {
    const client = await WebSocketClient.open(await app.port(), '/chat');
    const [first] = await client.messages(1);
    client.received.length = 0;
    if (first === String(pid)) return client;
    await client[Symbol.asyncDispose]();
  }
}
