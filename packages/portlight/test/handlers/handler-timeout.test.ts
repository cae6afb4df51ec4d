import { describe, expect, test, vi } from 'vitest';
import { ForbiddenError, type Middleware } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

describe('handlerTimeoutMs', () => {
  test('answers 503 and aborts the signal with a reason that has a code', async () => {
    const reason = deferred<unknown>();
    const { server } = portless((app) =>
      app.get('/', { handlerTimeoutMs: 20 }, (request) => {
        request.signal.addEventListener('abort', () => reason.resolve(request.signal.reason));
        return new Promise(() => {});
      }),
    );
    const response = await server.fetch('/');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT' });
    expect(await reason.promise).toMatchObject({ code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT', status: 503 });
  });

  test('of the server holds for every route, that of a route goes before it, and 0 means none', async () => {
    const late = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 60, 'late'));
    const { server } = portless(
      (app) =>
        app
          .get('/all', late)
          .get('/own', { handlerTimeoutMs: 5_000 }, late)
          .get('/none', { handlerTimeoutMs: 0 }, late),
      { handlerTimeoutMs: 20 },
    );
    const statuses = await Promise.all(
      ['/all', '/own', '/none'].map(async (path) => (await server.fetch(path)).status),
    );
    expect(statuses).toEqual([503, 200, 200]);
  });

  test('covers middleware, and goes to the error handlers', async () => {
    const { server } = portless(
      (app) =>
        app
          .get('/', () => 'x')
          .use(() => new Promise(() => {}))
          .error(503, () => 'late'),
      { handlerTimeoutMs: 20 },
    );
    const response = await server.fetch('/');
    expect([response.status, await response.text()]).toEqual([503, 'late']);
  });

  test('is a response to the middleware around the handler, which may change it', async () => {
    const trace: string[] = [];
    const note =
      (name: string): Middleware =>
      async (_request, next) => {
        const response = await next();
        trace.push(`${name} ${response.status}`);
        return response.header(`x-${name}`, 'yes');
      };
    const { server } = portless(
      (app) =>
        app
          .use(note('root'))
          .onResponse((response) => void trace.push(`interceptor ${response.status}`))
          .group('/a', (group) =>
            group.use(note('group')).get('/', { use: [note('route')] }, () => new Promise(() => {})),
          ),
      { handlerTimeoutMs: 20 },
    );
    const response = await server.fetch('/a');
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      503,
      'ERR_PORTLIGHT_HANDLER_TIMEOUT',
    ]);
    expect(['root', 'group', 'route'].map((name) => response.headers.get(`x-${name}`))).toEqual(['yes', 'yes', 'yes']);
    expect(trace).toEqual(['route 503', 'group 503', 'root 503', 'interceptor 503']);
  });

  test('may be answered in another way by a middleware', async () => {
    const { server } = portless(
      (app) =>
        app
          .use(async (_request, next) => ((await next()).status === 503 ? 'from a cache' : undefined))
          .get('/', () => new Promise(() => {})),
      { handlerTimeoutMs: 20 },
    );
    const response = await server.fetch('/');
    expect([response.status, await response.text()]).toEqual([200, 'from a cache']);
  });

  test.each<[string, Middleware]>([
    ['before it goes on', () => new Promise(() => {})],
    [
      'after it went on',
      async (_request, next) => {
        await next();
        return new Promise(() => {});
      },
    ],
    [
      'after it went on without waiting',
      (_request, next) => {
        void next();
        return new Promise(() => {});
      },
    ],
  ])('cuts a middleware that hangs %s, and the one around it sees that', async (_what, hanging) => {
    const { server } = portless(
      (app) =>
        app
          .use(async (_request, next) => (await next()).header('x-outer', 'yes'))
          .use(hanging)
          .get('/', () => 'x'),
      { handlerTimeoutMs: 20 },
    );
    const response = await server.fetch('/');
    expect([response.status, response.headers.get('x-outer')]).toEqual([503, 'yes']);
  });

  test.each<[string, Middleware]>([
    [
      'hangs on the 503',
      async (_request, next) => {
        await next();
        return new Promise(() => {});
      },
    ],
    [
      'hangs beside it',
      (_request, next) => {
        void next();
        return new Promise(() => {});
      },
    ],
  ])('does not wait for long for a middleware that %s', async (_what, hanging) => {
    const { server } = portless(
      (app) =>
        app
          .use(hanging)
          .use((_request, next) => next())
          .get('/', () => new Promise(() => {})),
      { handlerTimeoutMs: 20 },
    );
    const response = await server.fetch('/');
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      503,
      'ERR_PORTLIGHT_HANDLER_TIMEOUT',
    ]);
  });

  test('keeps a middleware that wakes up too late from calling the handler', async () => {
    let calls = 0;
    const [gate, seen] = [deferred(), deferred<number>()];
    const { server } = portless(
      (app) =>
        app
          .get('/', () => ++calls)
          .use(async (_request, next) => {
            await gate.promise;
            seen.resolve((await next()).status);
          }),
      { handlerTimeoutMs: 20 },
    );
    expect((await server.fetch('/')).status).toBe(503);
    gate.resolve();
    expect([await seen.promise, calls]).toEqual([503, 0]);
  });

  test('tells the source of a response that a hanging middleware holds', async () => {
    const cancelled = deferred<unknown>();
    const { server } = portless(
      (app) =>
        app
          .get('/', () => new ReadableStream({ cancel: (reason) => cancelled.resolve(reason) }))
          .use(async (_request, next) => {
            await next();
            return new Promise(() => {});
          }),
      { handlerTimeoutMs: 20 },
    );
    expect((await server.fetch('/')).status).toBe(503);
    expect(await cancelled.promise).toMatchObject({ code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT' });
  });

  test('leaves what is in time alone, at any depth', async () => {
    const passing: Middleware = async (_request, next) => {
      await new Promise(setImmediate);
      return (await next()).header('x-seen', 'yes');
    };
    const { server } = portless(
      (app) =>
        app
          .use(passing)
          .use((_request, next) => next())
          .get('/sync', () => 'x')
          .get('/async', async () => 'x')
          .get('/throws', () => {
            throw new ForbiddenError();
          }),
      { handlerTimeoutMs: 10_000 },
    );
    for (const [path, status] of [
      ['/sync', 200],
      ['/async', 200],
      ['/throws', 403],
      ['/none', 404],
    ] as const) {
      const response = await server.fetch(path);
      expect([response.status, response.headers.get('x-seen')]).toEqual([status, 'yes']);
    }
  });

  test('tells the source of a response that comes too late', async () => {
    const cancelled = deferred<unknown>();
    const answer = deferred<ReadableStream>();
    const { server } = portless((app) => app.get('/', { handlerTimeoutMs: 20 }, () => answer.promise));
    expect((await server.fetch('/')).status).toBe(503);
    answer.resolve(new ReadableStream({ cancel: (reason) => cancelled.resolve(reason) }));
    expect(await cancelled.promise).toMatchObject({ code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT' });
  });

  test('ignores an error that comes too late', async () => {
    const answer = deferred<string>();
    const { server, log } = portless((app) => app.get('/', { handlerTimeoutMs: 20 }, () => answer.promise));
    expect((await server.fetch('/')).status).toBe(503);
    answer.reject(new Error('late'));
    await new Promise(setImmediate);
    expect(log.at('error').map(({ message }) => message)).toEqual(['A handler took longer than it may.']);
  });
});

test.each([
  ['of a handler', '/items/1', 'GET /items/:id'],
  ['of a middleware', '/hangs', undefined],
])('the end of the time %s is an error in the log', async (_whose, path, route) => {
  const { server, log } = portless(
    (app) => app.use('/hangs', () => new Promise(() => {})).get('/items/:id', () => new Promise(() => {})),
    { handlerTimeoutMs: 20 },
  );
  expect((await server.fetch(path)).status).toBe(503);
  expect(log.at('error')).toEqual([
    {
      level: 'error',
      fields: { method: 'GET', path, route, limitMs: 20 },
      message: 'A handler took longer than it may.',
    },
  ]);
});

test('a handler that a stop has cut keeps no process alive', async () => {
  const limitMs = 54_321;
  const setTimer = vi.spyOn(globalThis, 'setTimeout');
  try {
    const begun = deferred();
    await using open = await openServer((app) =>
      app.get('/', { handlerTimeoutMs: limitMs }, () => {
        begun.resolve();
        return new Promise(() => {});
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await begun.promise;
    const index = setTimer.mock.calls.findIndex(([, delayMs]) => delayMs === limitMs);
    const timer = setTimer.mock.results[index]?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(true);
    expect(await open.server.shutdown({ timeoutMs: 0 })).toMatchObject({ forced: 1 });
    await expect.poll(() => timer.hasRef()).toBe(false);
    clearTimeout(timer);
  } finally {
    setTimer.mockRestore();
  }
});
