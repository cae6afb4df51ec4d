import { describe, expect, test } from 'vitest';
import { ForbiddenError, HttpResponse, type Middleware } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

/** Notes when it is entered and left. */
const tracing =
  (name: string, trace: string[]): Middleware =>
  async (_request, next) => {
    trace.push(`${name} in`);
    const response = await next();
    trace.push(`${name} out ${response.status}`);
  };

describe('middleware', () => {
  test('wraps what was registered after it, the route option innermost, whatever the order of the calls', async () => {
    const trace: string[] = [];
    const { server } = portless((app) =>
      app
        .group('/a', (group) =>
          group
            .get('/', { use: [tracing('route', trace)] }, () => {
              trace.push('handler');
              return 'x';
            })
            .use(tracing('group', trace)),
        )
        .use(tracing('first', trace))
        .use(tracing('second', trace)),
    );
    await server.fetch('/a');
    expect(trace).toEqual([
      'first in',
      'second in',
      'group in',
      'route in',
      'handler',
      'route out 200',
      'group out 200',
      'second out 200',
      'first out 200',
    ]);
  });

  test.each<[string, Middleware, string]>([
    ['a response of its own', () => HttpResponse.text('mine'), 'mine'],
    ['a string', () => 'mine', 'mine'],
    ['the response of next', (_request, next) => next(), 'handler'],
    ['nothing after next', async (_request, next) => void (await next()), 'handler'],
    ['another response after next', async (_request, next) => `${await next()}, mine`, 'handler, mine'],
    ['null', () => null, 'null'],
  ])('may return %s', async (_what, middleware, body) => {
    const { server } = portless((app) => app.use(middleware).get('/', () => 'handler'));
    expect(await (await server.fetch('/')).text()).toBe(body);
  });

  test('may change the response of next', async () => {
    const { server } = portless((app) =>
      app
        .get('/', () => 'x')
        .use(async (_request, next) => {
          const response = await next();
          response.status = 202;
          response.header('x-a', '1');
        }),
    );
    const response = await server.fetch('/');
    expect([response.status, response.headers.get('x-a')]).toEqual([202, '1']);
  });

  test('may tell the handler something by request.state', async () => {
    const { server } = portless((app) =>
      app
        .get('/', (request) => request.state['user'])
        .use((request, next) => {
          request.state['user'] = 'Ada';
          return next();
        }),
    );
    expect(await (await server.fetch('/')).text()).toBe('Ada');
  });

  test('that refuses keeps the handler from being called', async () => {
    let calls = 0;
    const { server } = portless((app) =>
      app
        .get('/', () => ++calls)
        .use(() => {
          throw new ForbiddenError();
        }),
    );
    expect((await server.fetch('/')).status).toBe(403);
    expect(calls).toBe(0);
  });

  test.each<[string, Middleware]>([
    [
      'calls next twice',
      async (_request, next) => {
        await next();
        return next();
      },
    ],
    ['calls next twice at once', (_request, next) => Promise.all([next(), next()])],
    ['neither calls next nor returns anything', () => undefined],
    ['returns what cannot be sent', () => () => 'x'],
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])('that %s makes a 500, told in the log', async (_what, middleware) => {
    const { server, log } = portless((app) => app.use(middleware).get('/', () => 'x'));
    const response = await server.fetch('/');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(log.at('error')).toHaveLength(1);
  });

  test('sees errors further in as responses, made by the error handlers', async () => {
    const trace: string[] = [];
    const { server } = portless((app) =>
      app
        .use(tracing('outer', trace))
        .use(async (_request, next) => {
          const response = await next();
          response.header('x-a', '1');
          throw new ForbiddenError();
        })
        .get('/', () => {
          throw new Error('secret');
        })
        .error((error) => `error ${error.status}`),
    );
    const response = await server.fetch('/');
    expect(trace).toEqual(['outer in', 'outer out 403']);
    expect(await response.text()).toBe('error 403');
    expect(response.headers.has('x-a')).toBe(false);
  });

  test('can add its headers to the response of an error', async () => {
    const { server } = portless((app) =>
      app
        .get('/', () => {
          throw new Error('secret');
        })
        .use(async (_request, next) => void (await next()).header('x-cors', '*')),
    );
    const response = await server.fetch('/');
    expect([response.status, response.headers.get('x-cors')]).toEqual([500, '*']);
  });

  test('reads no more of a body than the route allows', async () => {
    const { server } = portless(
      (app) =>
        app
          .post('/', { maxBodyBytes: 20 }, () => 'x')
          .error(413, async (_error, request) =>
            request?.text().then(
              () => 'read it all',
              () => 'too large',
            ),
          )
          .use(async (request, next) => {
            await request.text();
            return next();
          }),
      { maxBodyBytes: 10 },
    );
    expect((await server.fetch('/', { method: 'POST', body: 'x'.repeat(20) })).status).toBe(200);
    expect(await (await server.fetch('/', { method: 'POST', body: 'x'.repeat(21) })).text()).toBe('too large');
    expect((await server.fetch('/none', { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
  });
});
