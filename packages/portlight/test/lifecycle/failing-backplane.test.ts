import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Backplane } from '../../src/backplane/backplane.ts';
import { MemoryBackplane } from '../../src/backplane/memory-backplane.ts';
import { HttpServer } from '../../src/index.ts';
import { backplaneWith } from '../support/backplane-with.ts';
import { deferred } from '../support/deferred.ts';
import { EventClient } from '../support/event-client.ts';
import { failureOf } from '../support/failure-of.ts';
import { openServer, type OpenServer, portless } from '../support/open-server.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

type Act = () => unknown;

const FAILURES: readonly [string, Act][] = [
  [
    'throws',
    () => {
      throw new Error('away');
    },
  ],
  ['rejects', () => Promise.reject(new Error('away'))],
  ['never answers', () => new Promise(() => {})],
  ['answers undefined', () => undefined],
  ['answers something else', () => Promise.resolve(42)],
  ['answers a list of nothing', () => Promise.resolve([undefined])],
];

const PARTS = ['limits', 'clients', 'bus', 'values'] as const;
type Part = (typeof PARTS)[number];

/** All methods of a backplane that are called while a server runs: `clients.reserve`. */
const NAMES = PARTS.flatMap((part) => methodsOf(new MemoryBackplane()[part]).map((name) => `${part}.${name}`));

function methodsOf(part: object): readonly string[] {
  const prototype = Object.getPrototypeOf(part) as object;
  const holder = prototype === Object.prototype ? part : prototype;
  return Object.entries(Object.getOwnPropertyDescriptors(holder))
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor' && name !== 'connect')
    .map(([name]) => name);
}

/** A backplane in memory, of which some methods act otherwise; and what was asked of it. */
function failing(names: readonly string[], act: Act): { backplane: Backplane; asked: string[] } {
  const memory = new MemoryBackplane();
  const asked: string[] = [];
  const wrap = <Name extends Part>(part: Name): Backplane[Name] =>
    new Proxy(memory[part], {
      get(target, method: string) {
        const own: unknown = Reflect.get(target, method);
        if (typeof own !== 'function') return own;
        return (...args: unknown[]): unknown => {
          asked.push(`${part}.${method}`);
          return names.includes(`${part}.${method}`)
            ? act()
            : (own as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  const parts = { limits: wrap('limits'), clients: wrap('clients'), bus: wrap('bus'), values: wrap('values') };
  return { backplane: backplaneWith(parts), asked };
}

/** Waits for nothing that it may leave to itself, as the guides teach it. */
function register(app: HttpServer): unknown {
  return app
    .setRateLimit(1_000, 60)
    .history('t', { size: 10 })
    .onPresence('t', () => undefined)
    .connect(() => undefined)
    .disconnect(() => undefined)
    .get('/', () => 'ok')
    .get('/in', { connectionRequired: true }, () => 'in')
    .get('/publish', () => {
      void app.publish('t', 'published');
      return 'ok';
    })
    .accept('/socket', {
      open: (channel) => void channel.join('t', { member: channel.id, since: 'earliest' }),
      message(message, channel) {
        channel.send(message);
        void channel.publish('t', message);
        void channel.leave('t');
        void channel.join('t');
      },
    })
    .events('/events', (stream) => void stream.join('t', { member: 'reader' }));
}

const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);

beforeEach(() => void process.on('unhandledRejection', note));
afterEach(() => void process.off('unhandledRejection', note));

/** Rejections that nobody has handled, once a turn has given everybody the occasion. */
async function takeUncaught(): Promise<readonly unknown[]> {
  await new Promise(setImmediate);
  return uncaught.splice(0);
}

/** What clients and the app do with a server, all of it. */
async function use({ server, port }: OpenServer, asked: readonly string[]): Promise<void> {
  const ask = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  expect(await ask('/')).toBe(200);
  expect([200, 503]).toContain(await ask('/connect'));
  expect([200, 403, 503]).toContain(await ask('/in'));
  await using socket = await WebSocketClient.open(port, '/socket');
  await using events = await EventClient.open(port, '/events');
  expect(events.status).toBe(200);
  expect(await ask('/publish')).toBe(200);
  socket.send('hello');
  await socket.messages(1);
  const { clients } = server;
  void server.on('10.0.0.1');
  void server.off('10.0.0.1');
  void clients.list();
  void clients.get('x');
  void clients.has('x');
  void clients.count();
  void server.presence('t');
  await expect.poll(() => asked).toContain('clients.removeIdle');
  expect([200, 503]).toContain(await ask('/disconnect'));
  expect(await ask('/')).toBe(200);
}

describe.each(FAILURES)('a backplane that %s', (_how, act) => {
  test.each([...NAMES.map((name) => [name, [name]] as const), ['all of it', NAMES] as const])(
    'leaves the server running: %s',
    async (_name, names) => {
      const { backplane, asked } = failing(names, act);
      const open = await openServer((app) => register(app.backplane(backplane)), { clientIdleMs: 80 });
      await use(open, asked);
      const { reason } = await open.server.shutdown({ timeoutMs: 5_000 });
      expect(reason).toBe('shutdown');
      expect(open.log.at('error')).toEqual([]);
      expect(await takeUncaught()).toEqual([]);
    },
  );
});

describe('a backplane that cannot be opened', () => {
  test.each(FAILURES.slice(0, 2))('fails the start, and is tried by the next one: it %s', async (_how, act) => {
    const calls: string[] = [];
    let isAway = true;
    const backplane = backplaneWith({
      open() {
        calls.push('open');
        return isAway ? (act() as Promise<void>) : undefined;
      },
      close: () => void calls.push('close'),
    });
    const server = new HttpServer('127.0.0.1', 0)
      .debug(new RecordingLogger())
      .backplane(backplane)
      .get('/', () => 'ok');
    await expect(server.start()).rejects.toThrow('away');
    expect([calls, server.isConnected()]).toEqual([['open', 'close'], false]);
    isAway = false;
    await server.start();
    expect((await fetch(`http://127.0.0.1:${server.getAddress().port}/`)).status).toBe(200);
    await server.shutdown();
    await server.start();
    await server.shutdown();
    expect(calls).toEqual(['open', 'close', 'open', 'close', 'open', 'close']);
  });

  test('fails the start in the time that the app gives it, where it hangs', async () => {
    const server = new HttpServer('127.0.0.1', 0, { bootTimeoutMs: 100 })
      .debug(new RecordingLogger())
      .backplane(backplaneWith({ open: () => new Promise(() => {}) }))
      .get('/', () => 'ok');
    await expect(server.start()).rejects.toMatchObject({
      code: 'ERR_PORTLIGHT_BACKPLANE_TIMEOUT',
      message: 'The backplane was not open within 100 ms.',
    });
  });

  test('does not hold up a stop, where it hangs', async () => {
    const [closed, log] = [deferred(), new RecordingLogger()];
    const server = new HttpServer('127.0.0.1', 0)
      .debug(log)
      .backplane(backplaneWith({ open: () => new Promise(() => {}), close: () => closed.resolve() }))
      .get('/', () => 'ok');
    const failure = failureOf(server.start());
    const report = await server.shutdown({ timeoutMs: 50 });
    expect(report.forced).toBe(1);
    expect(await failure).toMatchObject({ code: 'ERR_PORTLIGHT_START_ABANDONED' });
    await closed.promise;
    expect(log.at('error').map(({ message }) => message)).toEqual([expect.stringContaining('for the backplane.')]);
  });

  test('is left when something else fails the start', async () => {
    const closed = deferred();
    const server = new HttpServer('127.0.0.1', 0)
      .debug(new RecordingLogger())
      .backplane(backplaneWith({ close: () => closed.resolve() }))
      .onStart(() => {
        throw new Error('broken hook');
      });
    await expect(server.start()).rejects.toThrow('broken hook');
    await closed.promise;
  });
});

test('a backplane that cannot be told who listens fails the start', async () => {
  const memory = new MemoryBackplane();
  const connect = (): never => {
    throw new Error('deaf');
  };
  const bus = new Proxy(memory.bus, {
    get: (bare, key): unknown => (key === 'connect' ? connect : Reflect.get(bare, key)),
  });
  const { server } = portless((app) => app.backplane(backplaneWith({ bus })).get('/', () => 'ok'));
  await expect(server.start()).rejects.toThrow('deaf');
  expect(server.isConnected()).toBe(false);
});

test('a backplane that could not be opened is opened later where there is no port', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  let opened = 0;
  const open = (): void => {
    if (opened++ === 0) throw new Error('away');
  };
  const { server } = portless((app) => app.backplane(backplaneWith({ open })).connect());
  await server.fetch('/connect');
  vi.advanceTimersByTime(1_000);
  await server.fetch('/connect');
  await server.fetch('/connect');
  expect(opened).toBe(2);
  vi.useRealTimers();
  await server.shutdown();
});

test('a backplane whose close hangs does not hold up a stop', async () => {
  const open = await openServer((app) =>
    app.backplane(backplaneWith({ close: () => new Promise(() => {}) })).get('/', () => 'ok'),
  );
  expect(await open.server.shutdown()).toMatchObject({ reason: 'shutdown', forced: 0 });
  expect(open.log.at('error').map(({ message }) => message)).toEqual(['The backplane could not be closed.']);
});

test('a backplane that hangs leaves the hooks of a stop their time', async () => {
  const told: string[] = [];
  const { backplane } = failing(NAMES, () => new Promise(() => {}));
  const open = await openServer((app) =>
    app.backplane({ ...backplane, close: () => new Promise(() => {}) }).onShutdown(() => void told.push('hook')),
  );
  expect(await open.server.shutdown({ timeoutMs: 0 })).toMatchObject({ forced: 0 });
  expect(told).toEqual(['hook']);
});

test('a backplane is what the app gives, before anything uses it', async () => {
  for (const wrong of [undefined, null, 'redis://127.0.0.1', {}, { ...backplaneWith(), bus: undefined }])
    expect(() => new HttpServer().backplane(wrong as never)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_CONFIG' }),
    );
  for (const name of [...NAMES, 'clients.connect', 'bus.connect'].filter((each) => each !== 'bus.disconnect')) {
    const [part, method] = name.split('.') as [Part, string];
    const { [part]: whole } = backplaneWith();
    const without = new Proxy(whole, {
      get: (bare, key): unknown => (key === method ? undefined : Reflect.get(bare, key)),
    });
    expect(() => new HttpServer().backplane(backplaneWith({ [part]: without }))).toThrow(`no method ${name}.`);
  }
  const taken = backplaneWith();
  new HttpServer().backplane(taken);
  expect(() => new HttpServer().backplane(taken)).toThrow(
    expect.objectContaining({
      code: 'ERR_PORTLIGHT_CONFIG',
      message: expect.stringMatching(/another server/) as string,
    }),
  );
  expect(() => new HttpServer().backplane(backplaneWith(), ...([1] as never[]))).toThrow(/more arguments/);
  const server = new HttpServer('127.0.0.1', 0).debug(new RecordingLogger()).get('/', () => 'ok');
  await server.fetch('/');
  await server.on('a');
  expect(() => server.backplane(backplaneWith())).toThrow(/before anything uses it/);
  await server.start();
  expect(() => server.backplane(backplaneWith())).toThrow(
    expect.objectContaining({ code: 'ERR_PORTLIGHT_LATE_REGISTRATION' }),
  );
  await server.shutdown();
});
