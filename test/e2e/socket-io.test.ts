import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect as connectSocket, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { hasOpenssl, makeCertificate } from '../../packages/portlight/test/support/make-certificate.ts';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { HAS_REDIS, RedisServer } from '../../packages/redis/test/support/redis-server.ts';
import { RunningProgram } from './run-program.ts';

type ClientOptions = Partial<ManagerOptions & SocketOptions>;
type Transports = ('polling' | 'websocket')[];

/** Each client of a test by another one of these. */
const KINDS: Transports[] = [['polling', 'websocket'], ['polling'], ['websocket']];

/** The chat of the fixture, running, and its clients. */
class Chat extends RunningProgram {
  readonly #clients: Socket[] = [];
  readonly #scheme: string;

  /** @param folder where its children find each other, in place of that of all programs */
  constructor(options: Readonly<Record<string, unknown>>, folder?: TempFolder) {
    super(['fixtures/socket-io.mjs', JSON.stringify(options)], folder === undefined ? {} : { TMPDIR: folder.path });
    this.#scheme = options['tls'] === undefined ? 'http' : 'https';
  }

  async origin(): Promise<string> {
    const [, port] = await this.said(/listening (\d+)/);
    return `${this.#scheme}://127.0.0.1:${port}`;
  }

  async client(options: ClientOptions = {}, namespace = '/'): Promise<Socket> {
    const socket = connectSocket((await this.origin()) + namespace, {
      forceNew: true,
      reconnectionDelay: 10,
      reconnectionDelayMax: 100,
      rejectUnauthorized: false,
      ...options,
    });
    this.#clients.push(socket);
    return socket;
  }

  async connect(options: ClientOptions = {}, namespace = '/'): Promise<Socket> {
    const socket = await this.client(options, namespace);
    await connected(socket);
    return socket;
  }

  /** Clients that have all come to rest on the last of their transports. */
  async several(count: number, kinds: readonly Transports[], namespace = '/'): Promise<readonly Socket[]> {
    const sockets = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        this.connect({ transports: kinds[index % kinds.length] as Transports }, namespace),
      ),
    );
    for (const [index, each] of sockets.entries())
      await settled(each, (kinds[index % kinds.length] as Transports).at(-1) as string);
    return sockets;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#clients) each.disconnect();
    await super[Symbol.asyncDispose]();
  }
}

function connected(socket: Socket): Promise<void> {
  if (socket.connected) return Promise.resolve();
  return new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
}

function next(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve) => socket.once(event, resolve));
}

/** Resolves when it speaks by this transport. */
function settled(socket: Socket, transport: string): Promise<void> {
  const { engine } = socket.io;
  if (engine.transport.name === transport) return Promise.resolve();
  return new Promise((resolve) => engine.once('upgrade', () => resolve()));
}

/** Clients of two children, with some of each whose WebSocket goes through the other one. */
async function throughBoth(chat: Chat): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let round = 0; round < 8; round += 1) {
    sockets.push(...(await chat.several(8, [['polling', 'websocket']])));
    const [pids, passed] = await Promise.all([pidsOf(sockets), arePassedOn(sockets)]);
    if (new Set(pids.filter((_, index) => passed[index])).size === 2) return sockets;
  }
  throw new Error('No WebSocket has come to another child than that of its session.');
}

async function arePassedOn(sockets: readonly Socket[]): Promise<readonly boolean[]> {
  return Promise.all(sockets.map((each) => each.emitWithAck('is passed on') as Promise<boolean>));
}

async function pidsOf(sockets: readonly Socket[]): Promise<readonly number[]> {
  return Promise.all(sockets.map((each) => pidOf(each)));
}

/** Asked again where the question went down with its connection: nobody answers that, nor says so. */
async function pidOf(socket: Socket): Promise<number> {
  for (;;) {
    const pid = (await socket
      .timeout(2_000)
      .emitWithAck('pid')
      .catch(() => undefined)) as number | undefined;
    if (pid !== undefined) return pid;
  }
}

const MODES = [
  ['concurrent', KINDS],
  ['sequential', KINDS],
  ['workers', KINDS],
  ['forked', [['websocket']] as Transports[]],
] as const;

describe.each(MODES)("in the mode '%s'", (mode, kinds) => {
  const options = { mode, children: mode === 'forked' ? 16 : 3 };
  const hasChildren = mode === 'workers' || mode === 'forked';

  // What a namespace is does not depend on the mode, but for how many processes there are.
  const namespaces = mode === 'workers' ? ['/', '/news', '/room-7'] : ['/room-7'];
  test.each(namespaces)('what is told in %s reaches the clients of all processes', async (namespace) => {
    await using chat = new Chat(options);
    const sockets = await chat.several(7, kinds, namespace);
    expect(new Set(await pidsOf(sockets)).size > 1).toBe(hasChildren);
    await Promise.all(sockets.slice(0, 4).map((each) => each.emitWithAck('join', 'some')));
    const heard: unknown[][] = sockets.map(() => []);
    sockets.forEach((each, index) => each.on('told', (value) => heard[index]?.push(value)));
    const value = { text: 'ä😀', bytes: Buffer.from([0, 255]), at: null };
    const first = sockets[0] as Socket;
    await first.emitWithAck('tell', [], value);
    await first.emitWithAck('tell', 'some', 'to some');
    await first.emitWithAck('tell others', 'to others');
    await first.emitWithAck('tell', [], 'last');
    await expect.poll(() => heard.every((values) => values.at(-1) === 'last')).toBe(true);
    expect(heard.map((values) => values.slice(0, -1))).toEqual(
      sockets.map((_, index) => [value, ...(index < 4 ? ['to some'] : []), ...(index > 0 ? ['to others'] : [])]),
    );
  });

  test('what is asked of all is answered by the clients and servers of all processes', async () => {
    await using chat = new Chat(options);
    const sockets = await chat.several(5, kinds);
    for (const each of sockets)
      each.on('asked', (bytes: Buffer, answer: (all: Buffer) => void) => answer(Buffer.concat([bytes, bytes])));
    const first = sockets[0] as Socket;
    const answers = (await first.emitWithAck('ask all', Buffer.from('ab'))) as readonly Buffer[];
    expect(answers.map(String)).toEqual(sockets.map(() => 'abab'));
    expect(await first.emitWithAck('count')).toBe(5);
    const [own] = await pidsOf([first]);
    const others = (await first.emitWithAck('who')) as readonly number[];
    expect(others).not.toContain(own);
    expect(others.length > 0).toBe(hasChildren);
    await first.emitWithAck('gather', 'all');
    const told = sockets.map((each) => next(each, 'told'));
    await expect
      .poll(async () => {
        await first.emitWithAck('tell', 'all', 'here');
        return Promise.race([Promise.all(told), new Promise((resolve) => setTimeout(resolve, 50))]);
      })
      .toEqual(sockets.map(() => 'here'));
    const gone = sockets.map((each) => next(each, 'disconnect'));
    first.emit('end all');
    expect(await Promise.all(gone)).toEqual(sockets.map(() => 'io server disconnect'));
  });

  test('refuses whom its middleware refuses, and lives beside the routes of the app', async () => {
    await using chat = new Chat(options);
    const banned = await chat.client({ transports: kinds[0] as Transports, auth: { isBanned: true } });
    await expect(connected(banned)).rejects.toThrow('You are banned.');
    await chat.several(1, kinds);
    expect(await (await fetch(await chat.origin())).text()).toMatch(/^\d+$/);
    const events = await fetch(`${await chat.origin()}/events`, { headers: { accept: 'text/event-stream' } });
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    await events.body?.cancel();
    const client = await fetch(`${await chat.origin()}/socket.io/socket.io.min.js`);
    expect([client.status, client.headers.get('content-type')]).toEqual([200, 'application/javascript; charset=utf-8']);
    expect((await client.text()).length).toBeGreaterThan(10_000);
    await chat.said('finished http /socket.io/socket.io.min.js 200');
  });

  test('a stop closes to clients, and leaves nothing behind', async () => {
    await using folder = await TempFolder.create();
    await using chat = new Chat(options, folder);
    const sockets = await chat.several(4, kinds);
    const gone = sockets.map((each) => next(each, 'disconnect'));
    const startedAt = performance.now();
    chat.process.kill('SIGTERM');
    for (const reason of await Promise.all(gone)) expect(reason).toMatch(/^transport (?:close|error)$/);
    expect(await chat.exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    expect(chat.errors).not.toMatch(/ (?:ERROR|WARN) /);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe("in the mode 'workers'", () => {
  test(
    'clients come back to other children when one is killed, and when all are replaced',
    { timeout: 60_000 },
    async () => {
      await using chat = new Chat({ mode: 'workers', children: 3 });
      const sockets = await chat.several(6, KINDS);
      const [victim] = await pidsOf(sockets);
      process.kill(victim as number, 'SIGKILL');
      await expect
        .poll(
          async () => sockets.every((each) => each.connected) && !(await pidsOf(sockets)).includes(victim as number),
        )
        .toBe(true);
      const before = new Set(await pidsOf(sockets));
      chat.process.kill('SIGHUP');
      await expect
        .poll(
          async () => sockets.every((each) => each.connected) && (await pidsOf(sockets)).some((pid) => before.has(pid)),
          {
            timeout: 20_000,
          },
        )
        .toBe(false);
      // A WebSocket may go through a child that is replaced a little later.
      const heard = new Set<Socket>();
      sockets.forEach((each) => each.on('told', () => heard.add(each)));
      const tell = async (): Promise<number> => {
        await sockets[0]
          ?.timeout(1_000)
          .emitWithAck('tell', [], 'all here')
          .catch(() => {});
        return heard.size;
      };
      await expect.poll(tell, { timeout: 20_000 }).toBe(sockets.length);
    },
  );

  test.each(['SIGTERM to one child', 'SIGUSR2'])('%s: a drain closes what goes through two children', async (event) => {
    await using chat = new Chat({ mode: 'workers', children: 2 });
    const sockets = await throughBoth(chat);
    await Promise.all(sockets.map((each) => each.emitWithAck('join', 'r')));
    const before = await pidsOf(sockets);
    const passed = await arePassedOn(sockets);
    const leaving = event === 'SIGUSR2' ? [...new Set(before)] : [before[0] as number];
    // The session is of a child that leaves, or its WebSocket goes through one.
    const concerned = sockets.filter((_, index) => leaving.includes(before[index] as number) || passed[index]);
    sockets.forEach((each) => each.on('connect', () => each.emit('join', 'r', () => {})));
    const gone = concerned.map((each) => next(each, 'disconnect'));
    if (event === 'SIGUSR2') chat.kill('SIGUSR2');
    else process.kill(leaving[0] as number, 'SIGTERM');
    for (const reason of await Promise.all(gone)) expect(reason).toMatch(/^transport (?:close|error)$/);
    for (const pid of leaving) {
      const [, report] = await chat.said(new RegExp(`after run: (.*) by ${pid}\\b`));
      expect(JSON.parse(report as string)).toMatchObject({ forced: 0 });
    }
    const heard = new Set<Socket>();
    sockets.forEach((each) => each.on('told', () => heard.add(each)));
    await expect
      .poll(
        async () => {
          await sockets
            .find((each) => each.connected)
            ?.timeout(1_000)
            .emitWithAck('tell', 'r', 'here')
            .catch(() => {});
          return heard.size;
        },
        { timeout: 10_000 },
      )
      .toBe(sockets.length);
    expect((await pidsOf(sockets)).some((pid) => leaving.includes(pid))).toBe(false);
  });

  test('what the children have met in goes with the last of them when the first process is killed', async () => {
    await using folder = await TempFolder.create();
    await using chat = new Chat({ mode: 'workers', children: 3 }, folder);
    await chat.several(3, KINDS);
    expect(readdirSync(folder.path)).toHaveLength(1);
    chat.kill('SIGKILL');
    await expect.poll(() => readdirSync(folder.path), { timeout: 20_000 }).toEqual([]);
  });

  test('an id of a session that is made up is answered as one that is unknown', async () => {
    await using chat = new Chat({ mode: 'workers', children: 2 });
    for (const sid of ['x', `${'a'.repeat(20)}.${'b'.repeat(12)}`, `${'a'.repeat(20)}.../../../../x`]) {
      const poll = await fetch(`${await chat.origin()}/socket.io/?EIO=4&transport=polling&sid=${sid}`);
      expect([poll.status, await poll.json()]).toEqual([400, { code: 1, message: 'Session ID unknown' }]);
    }
  });

  test.skipIf(!hasOpenssl())('polls and upgrades are passed on behind TLS too', async () => {
    await using folder = await TempFolder.create();
    const tls = { key: folder.at('key'), cert: folder.at('cert') };
    const made = await makeCertificate('localhost');
    await Promise.all([writeFile(tls.key, made.key), writeFile(tls.cert, made.cert)]);
    await using chat = new Chat({ mode: 'workers', children: 3, tls });
    const sockets = await chat.several(8, KINDS);
    const bytes = Buffer.alloc(300_000, 'x');
    const heard = sockets.map((each) => next(each, 'told') as Promise<Buffer>);
    await sockets[0]?.emitWithAck('tell', [], bytes);
    expect((await Promise.all(heard)).every((each) => each.equals(bytes))).toBe(true);
  });
});

test("in the mode 'forked' polls are refused with a code, and a blocked child delays nobody else", async () => {
  await using chat = new Chat({ mode: 'forked', children: 8 });
  const poll = await fetch(`${await chat.origin()}/socket.io/?EIO=4&transport=polling`);
  expect([poll.status, await poll.json()]).toMatchObject([400, { code: 'ERR_PORTLIGHT_POLLING_UNSUPPORTED' }]);
  await expect(connected(await chat.client({ transports: ['polling'] }))).rejects.toThrow('xhr poll error');
  const [one, other] = await chat.several(2, [['websocket']]);
  one?.emit('block', 1_500);
  const startedAt = performance.now();
  expect(await other?.emitWithAck('pid')).toBeGreaterThan(0);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test.skipIf(!HAS_REDIS)('machines in every mode, over one Redis, reach the clients of each other', async () => {
  await using server = await RedisServer.start();
  const open = (mode: string, children: number): Chat => new Chat({ mode, children, redisUrl: server.url });
  await using one = open('workers', 2);
  await using two = open('forked', 8);
  await using three = open('concurrent', 1);
  const all = await Promise.all([one.several(3, KINDS), two.several(2, [['websocket']]), three.several(3, KINDS)]);
  const sockets = all.flat();
  for (const each of sockets) each.on('asked', (value: string, answer: (text: string) => void) => answer(`${value}!`));
  for (const first of all.map((each) => each[0] as Socket)) {
    const bytes = Buffer.from(first.id ?? '');
    const heard = sockets.map((each) => next(each, 'told'));
    await first.emitWithAck('tell', [], bytes);
    expect(await Promise.all(heard)).toEqual(sockets.map(() => bytes));
    expect(await first.emitWithAck('ask all', 'here')).toEqual(sockets.map(() => 'here!'));
    expect(await first.emitWithAck('count')).toBe(sockets.length);
  }
});
