import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HttpServer, type HttpServer as Server, type Logger } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

const failure = (): Promise<never> => Promise.reject(new Error('nobody waits for this'));
/** No promise of this realm, as some libraries have them. */
const thenable = (): PromiseLike<never> => ({
  // oxlint-disable-next-line unicorn/no-thenable
  then: (_resolve, reject) => {
    reject?.(new Error('nobody waits for this'));
    return undefined as never;
  },
});

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterEach(async () => {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  if (unhandled.length > 0) throw unhandled[0];
});

const FUNCTIONS: Readonly<Record<string, (server: Server, fail: () => unknown) => unknown>> = {
  'key of a rate limit': (server, fail) => server.setRateLimit(10, 60, { key: fail as () => never }),
  'skip of a rate limit': (server, fail) => server.setRateLimit(10, 60, { skip: fail as () => never }),
  middleware: (server, fail) => server.use(fail as () => Promise<never>),
  'a middleware that went on': (server, fail) =>
    server.use((_request, next) => {
      void next();
      return fail();
    }),
  'an interceptor': (server, fail) => server.onResponse(fail as () => undefined),
  'an error handler': (server, fail) =>
    server.error(fail).use(() => {
      throw new Error('broken');
    }),
  'a connect handler': (server, fail) => server.connect(fail),
};

describe.each([
  ['a promise that rejects', failure],
  ['a thenable that rejects', thenable],
  [
    'an error',
    (): never => {
      throw new Error('thrown');
    },
  ],
])('%s ends no process', (_what, fail) => {
  test.each(Object.entries(FUNCTIONS))('as %s', async (_name, register) => {
    const { server } = portless((app) =>
      register(
        app.get('/', () => 'x'),
        fail,
      ),
    );
    for (const path of ['/', '/connect', '/none'])
      expect((await server.fetch(path)).status).toBeGreaterThanOrEqual(200);
  });

  test('as identify', async () => {
    const { server } = portless((app) => app.get('/', ({ client }) => client.id), { identify: fail as never });
    expect((await server.fetch('/')).status).toBe(500);
  });

  test('as trustProxy, which trusts nobody by it', async () => {
    const { server } = portless((app) => app.get('/', ({ ip }) => ip), { trustProxy: fail as never });
    expect((await server.fetch('/', { headers: { 'x-forwarded-for': '192.0.2.7' } })).status).toBe(500);
  });

  test('as a disconnect handler, at a request and at the stop', async () => {
    const { server } = portless((app) => app.connect().disconnect(fail));
    await server.fetch('/connect');
    expect((await server.fetch('/disconnect')).status).toBe(500);
    await server.fetch('/connect');
    await server.shutdown();
  });

  test('as a presence handler', async () => {
    const { server, log } = portless((app) =>
      app.onPresence('room', fail).events('/feed', (stream) => {
        void stream.join('room', { member: 'ada' });
      }),
    );
    const response = await server.fetch('/feed', { headers: { accept: 'text/event-stream' } });
    await expect.poll(() => log.at('error').length).toBe(1);
    await response.body?.cancel();
    await server.shutdown();
  });

  test.each(['debug', 'info', 'warn', 'error'] as const)('as %s of a logger', async (level) => {
    const logger: Logger = { debug() {}, info() {}, warn() {}, error() {}, [level]: fail };
    const server = new HttpServer('127.0.0.1', 0)
      .debug(logger)
      .get('/', () => 'HTTP/1.1 200 OK')
      .get('/broken', () => {
        throw new Error('broken');
      });
    await server.start();
    for (const path of ['/', '/broken'])
      await (await fetch(`http://127.0.0.1:${server.getAddress().port}${path}`)).arrayBuffer();
    await server.shutdown();
  });
});

test('an asynchronous group is refused, and its failure ends no process', () => {
  expect(() => new HttpServer().group('/a', failure as () => void)).toThrow(
    expect.objectContaining({ name: 'ConfigError' }),
  );
});

test('the methods of a logger may need their object', async () => {
  class Lines implements Logger {
    readonly #lines: string[] = [];
    debug(_fields: object, message: string): void {
      this.#lines.push(message);
    }
    info(fields: object, message: string): void {
      this.debug(fields, message);
    }
    warn(fields: object, message: string): void {
      this.debug(fields, message);
    }
    error(fields: object, message: string): void {
      this.debug(fields, message);
    }
    get lines(): readonly string[] {
      return this.#lines;
    }
  }
  const logger = new Lines();
  await new HttpServer()
    .debug(logger)
    .get('/', () => 'x')
    .fetch('/');
  expect(logger.lines).toEqual(['Answered.']);
});
