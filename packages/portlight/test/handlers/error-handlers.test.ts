import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { BadRequestError, HttpError, type HttpServer, HttpResponse, NotFoundError } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

const thrower =
  (thrown: () => unknown) =>
  (app: HttpServer): HttpServer =>
    app.get('/', () => {
      throw thrown();
    });

test.each(['/none', '/refused', '/broken', '/valid?n=x', '/method'])(
  'HttpResponse.problem(error) is what %s is answered with by itself',
  async (path) => {
    const register = (app: HttpServer): HttpServer =>
      app
        .get('/refused', () => {
          throw new HttpError(409, 'Taken.', { headers: { 'x-why': 'taken' } });
        })
        .get('/broken', () => {
          throw new Error('secret');
        })
        .get('/valid', { query: z.object({ n: z.coerce.number() }) }, () => 'x')
        .post('/method', () => 'x');
    const { server: plain } = portless(register);
    const { server: own } = portless((app) => register(app).error((error) => HttpResponse.problem(error)));
    const [expected, response] = [await plain.fetch(path), await own.fetch(path)];
    expect([response.status, [...response.headers], await response.text()]).toEqual([
      expected.status,
      [...expected.headers],
      await expected.text(),
    ]);
  },
);

describe('the handler for an error', () => {
  const all = { any: 'any', '4xx': '4xx', '5xx': '5xx', 404: '404', 500: '500' } as const;
  test.each<[readonly (keyof typeof all | '404' | '500')[], number, string]>([
    [['any', '4xx', '404'], 404, '404'],
    [['any', '4xx'], 404, '4xx'],
    [['any', '5xx'], 404, 'any'],
    [['any', '4xx', '404'], 403, '4xx'],
    [['any', '5xx', '500'], 500, '500'],
    [['any', '5xx', '500'], 503, '5xx'],
    [['4xx'], 500, 'default'],
    [['404'], 403, 'default'],
    [[], 404, 'default'],
  ])('among %j for %i is that of %s', async (registered, status, chosen) => {
    const { server } = portless((app) => {
      for (const each of registered) {
        if (each === 'any') app.error(() => 'any');
        else app.error(each === '4xx' || each === '5xx' ? each : Number(each), () => each);
      }
      thrower(() => new HttpError(status, 'x'))(app);
    });
    const response = await server.fetch('/');
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(text.startsWith('{') ? 'default' : text).toBe(chosen);
  });

  test('of the inner router goes before that of the outer one, however general', async () => {
    const { server } = portless((app) =>
      app
        .error(404, () => 'outer 404')
        .group('/in', (group) =>
          group
            .error(() => 'inner')
            .get('/', () => {
              throw new NotFoundError();
            }),
        )
        .group('/none', (group) =>
          group.get('/', () => {
            throw new NotFoundError();
          }),
        ),
    );
    expect(await (await server.fetch('/in')).text()).toBe('inner');
    expect(await (await server.fetch('/none')).text()).toBe('outer 404');
  });

  test('gets an HttpError and the request, whatever was thrown', async () => {
    const cause = { strange: true };
    const { server } = portless((app) => {
      thrower(() => cause)(app).error((error, request) => ({
        status: error.status,
        message: error.message,
        isCause: error.cause === cause,
        path: request?.path,
      }));
    });
    const response = await server.fetch('/');
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ status: 500, message: 'Internal Server Error', isCause: true, path: '/' });
  });

  test.each<[string, () => unknown, number]>([
    ['a string', () => 'x', 404],
    ['an object', () => ({ a: 1 }), 404],
    ['a promise', () => Promise.resolve('x'), 404],
    ['a response without a status', () => HttpResponse.html('<p>'), 404],
    ['nothing, having only looked', () => undefined, 404],
    ['a response with a status', () => HttpResponse.text('x', { status: 410 }), 410],
    ['a response with the status 200', () => HttpResponse.text('x', { status: 200 }), 200],
    ['a redirect', () => HttpResponse.redirect('/'), 302],
    ['a problem', () => HttpResponse.problem(418, 'x'), 418],
  ])('may return %s', async (_what, reply, status) => {
    const { server } = portless((app) => app.error(reply));
    expect((await server.fetch('/none')).status).toBe(status);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['returns a function', () => () => 'x'],
  ])('that %s makes a plain 500', async (_what, handler) => {
    const { server, log } = portless((app) => app.error(handler));
    const response = await server.fetch('/none');
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      status: 500,
      title: 'Internal Server Error',
      code: 'ERR_PORTLIGHT_INTERNAL',
    });
    expect(log.at('error')).toHaveLength(1);
  });

  test('may override the headers of the error', async () => {
    const { server } = portless((app) => {
      thrower(() => new HttpError(429, 'x', { headers: { 'retry-after': '3', 'x-a': '1' } }))(app).error(() =>
        HttpResponse.text('x').header('retry-after', 9),
      );
    });
    const { headers } = await server.fetch('/');
    expect([headers.get('retry-after'), headers.get('x-a')]).toEqual(['9', '1']);
  });
});

describe('without a handler', () => {
  test('an exposed message is the detail, with code and headers', async () => {
    const { server } = portless(
      thrower(() => new HttpError(409, 'Taken.', { code: 'TAKEN', headers: { 'x-a': '1' } })),
    );
    const response = await server.fetch('/');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-a')).toBe('1');
    expect(await response.json()).toEqual({ status: 409, title: 'Conflict', detail: 'Taken.', code: 'TAKEN' });
  });

  test('markup in a message stays text in JSON', async () => {
    const { server } = portless(thrower(() => new BadRequestError('<script>alert(1)</script>')));
    const response = await server.fetch('/');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ detail: '<script>alert(1)</script>' });
  });

  const withGetter = (): Error =>
    Object.defineProperty(Object.assign(new Error('secret'), { expose: true, headers: {}, code: 'X' }), 'status', {
      get() {
        throw new Error('secret');
      },
    });
  const cyclic = (): Error => {
    const errors: unknown[] = [];
    errors.push(errors);
    return Object.assign(new HttpError(400, 'x'), { errors });
  };
  test.each<[string, () => unknown]>([
    ['an error', () => new Error('secret')],
    ['a frozen error', () => Object.freeze(new Error('secret'))],
    ['a string', () => 'secret'],
    ['undefined', () => undefined],
    ['null', () => null],
    ['an error whose status throws', withGetter],
    [
      'an error with a fraction as status',
      () => Object.assign(new Error('secret'), { status: 400.5, expose: true, headers: {}, code: 'X' }),
    ],
    [
      'an error with a status but no headers',
      () => Object.assign(new Error('secret'), { status: 400, expose: true, headers: undefined, code: 'X' }),
    ],
    [
      'an HttpError with a header that cannot be sent',
      () => new HttpError(400, 'secret', { headers: { 'x-a': 'a\r\nb: c' } }),
    ],
    ['an HttpError that cannot be written as JSON', cyclic],
    [
      'an object whose every property throws',
      () =>
        new Proxy(
          {},
          {
            get() {
              throw new Error('secret');
            },
            has() {
              throw new Error('secret');
            },
          },
        ),
    ],
  ])('%s that is thrown is a 500 that shows nothing, and is logged', async (_what, thrown) => {
    for (const app of [thrower(thrown), (each: HttpServer) => each.get('/', () => Promise.reject(thrown() as Error))]) {
      const { server, log } = portless(app);
      const response = await server.fetch('/');
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('secret');
      expect(log.at('error').length).toBeGreaterThanOrEqual(1);
    }
  });

  test('4xx are not logged as errors', async () => {
    const { server, log } = portless(thrower(() => new NotFoundError()));
    await server.fetch('/');
    expect(log.at('error')).toEqual([]);
  });
});
