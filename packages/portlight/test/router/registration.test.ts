import { describe, expect, test } from 'vitest';
import { HttpServer, Router } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

const handler = (): string => 'x';
/** A value that the types refuse, as an app without types may give it. */
const never = (value: unknown): never => value as never;
const configError = (...parts: readonly string[]): unknown =>
  expect.objectContaining({
    name: 'ConfigError',
    code: expect.stringMatching(/^ERR_PORTLIGHT_/) as string,
    message: expect.stringMatching(new RegExp(parts.join('.*'))) as string,
  });

describe('a wrong call throws a ConfigError at once', () => {
  test.each<[string, (router: Router) => unknown, readonly string[]]>([
    [
      'a handler that is no function',
      (router) => router.get('/a', never('x')),
      ['GET /a', "a function, not 'x'; write get\\('/a', \\(\\) => 'x'\\)"],
    ],
    ['no handler', (router) => router.post('/a', never(undefined)), ['POST /a', 'a function']],
    ['null as handler behind options', (router) => router.put('/a', {}, never(null)), ['PUT /a', 'not null']],
    ['a pattern without a slash', (router) => router.get('a', handler), ['GET a']],
    ['a pattern that is a number', (router) => router.get(never(1), handler), ['GET']],
    ["Luminova's segment", (router) => router.get('/users/(:id)', handler), ['/users/']],
    ['a regular expression in a string', (router) => router.get('/ws(?:/.*)?', handler), ['RegExp']],
    ['the same route twice', (router) => router.get('/a/:x', handler).get('/a/:y', handler), ['/a/:y', '/a/:x']],
    ['the same route by route()', (router) => router.get('/a', handler).route('POST|GET', '/a', handler), ['/a']],
    [
      'a method in lower case',
      (router) => router.route('get', '/a', handler),
      ['upper case', "'get'; write route\\('GET', pattern, handler\\)"],
    ],
    ['an empty method', (router) => router.route('GET|', '/a', handler), ['GET']],
    ['a method that is no token', (router) => router.route('GET POST', '/a', handler), ['GET POST']],
    ['methods that are no string', (router) => router.route(never(['GET']), '/a', handler), ['route needs methods']],
    [
      'a middleware that is no function',
      (router) => router.use(never({})),
      ['use', 'not {}; write use\\(\\(request, next\\)'],
    ],
    ['a bad pattern of a middleware', (router) => router.use('admin/*rest', never(handler)), ['admin']],
    ['an error status that is none', (router) => router.error(200, handler), ['400 to 599', '200']],
    [
      'an error class that is none',
      (router) => router.error(never('404'), handler),
      ['400 to 599', "'404'", 'write error\\(404, handler\\)'],
    ],
    [
      'an error handler that is no function',
      (router) => router.error(404, never(undefined)),
      ['error has no handler; write error\\(404, '],
    ],
    ['two error handlers for one status', (router) => router.error(404, handler).error(404, handler), ['404']],
    ['two error handlers for all', (router) => router.error(handler).error(handler), ['all errors']],
    ['an interceptor that is no function', (router) => router.onResponse(never('x')), ['onResponse']],
    ['a bad header name', (router) => router.setHeader('x a', 'b'), ['x a']],
    ['a bad header value', (router) => router.setHeader('x-a', 'b\r\nc: d'), ['x-a', 'U\\+000D']],
    [
      'a header value that is an object',
      (router) => router.setHeader('x-a', never({ toString: () => 'b' })),
      ['x-a', 'object'],
    ],
    ['headers that are no object', (router) => router.setHeaders(never(undefined)), ['setHeaders']],
    ['a group without a function', (router) => router.group('/a', never(undefined)), ['group']],
    [
      'an async group',
      (router) =>
        router.group(
          '/a',
          never(async () => undefined),
        ),
      ['/a', 'async'],
    ],
    ['a prefix without a slash', (router) => router.group('api', (api) => api.get('/a', handler)), ['api']],
    ['a prefix that is no string', (router) => router.mount(never(1), new Router()), ['prefix']],
    ['a mount of what is no router', (router) => router.mount('/a', never({})), ['Router']],
    ['a mount of itself', (router) => router.mount('/a', router), ['another Router']],
  ])('%s', (_what, call, parts) => {
    expect(() => call(new Router())).toThrow(configError(...parts));
  });

  test.each<[string, (server: HttpServer) => unknown]>([
    ['a hook that is no function', (server) => server.onStart(never(1))],
    ['a shutdown hook that is no function', (server) => server.onShutdown(never(undefined))],
    ['a logger that is none', (server) => server.debug(never({ info() {} }))],
    ['a port that is none', (server) => server.isPortFree(never('80'))],
  ])('%s', async (_what, call) => {
    await expect((async () => call(new HttpServer()))()).rejects.toEqual(configError());
  });
});

describe('a call that comes too late', () => {
  const calls: readonly (readonly [string, (router: Router) => unknown])[] = [
    ['get', (router) => router.get('/late', handler)],
    ['use', (router) => router.use(never(handler))],
    ['error', (router) => router.error(handler)],
    ['onResponse', (router) => router.onResponse(() => undefined)],
    ['setHeader', (router) => router.setHeader('x-a', 'b')],
    ['group', (router) => router.group('/late', () => undefined)],
    ['mount', (router) => router.mount('/late', new Router())],
    ['ping', (router) => router.ping()],
  ];
  const late = expect.objectContaining({ name: 'ConfigError', code: 'ERR_PORTLIGHT_LATE_REGISTRATION' });

  test.each(calls)('%s on a mounted router says where it was mounted', (_name, call) => {
    const router = new Router().get('/', handler);
    new Router().mount('/users', router);
    expect(() => call(router)).toThrow(late);
    expect(() => call(router)).toThrow('it was mounted at "/users"');
  });

  test.each(calls)('%s on a started server', async (_name, call) => {
    const server = await new HttpServer('127.0.0.1', 0).start();
    try {
      expect(() => call(server)).toThrow(late);
    } finally {
      await server.shutdown();
    }
  });

  test('is no problem before the start, after a fetch', async () => {
    const { server } = portless((app) => app.get('/a', handler));
    expect((await server.fetch('/b')).status).toBe(404);
    server.get('/b', handler).setHeader('x-a', '1');
    const response = await server.fetch('/b');
    expect([response.status, response.headers.get('x-a')]).toEqual([200, '1']);
  });
});

describe('mount', () => {
  test('takes the same router under several prefixes, each with its own surroundings', async () => {
    const router = new Router()
      .get('/:id', (request) => request.params.id)
      .use(async (_request, next) => void (await next()).header('x-in', '1'));
    const { server } = portless((app) =>
      app
        .mount('/a', router)
        .group('/g', (group) => group.mount('/b', router).setHeader('x-g', '1'))
        .mount('/', router),
    );
    for (const [path, header] of [
      ['/a/1', null],
      ['/g/b/2', '1'],
      ['/3', null],
    ] as const) {
      const response = await server.fetch(path);
      expect([response.status, response.headers.get('x-in'), response.headers.get('x-g')]).toEqual([200, '1', header]);
    }
  });

  test('takes params in its prefix', async () => {
    const { server } = portless((app) =>
      app.mount(
        '/teams/:team',
        new Router().get('/users/:user', (request) => request.params),
      ),
    );
    expect(await (await server.fetch('/teams/a/users/b')).json()).toEqual({ team: 'a', user: 'b' });
  });

  test('that fails changes nothing, on either side', async () => {
    const router = new Router().get('/free', handler).get('/taken', handler).setHeader('x-mounted', '1');
    const { server } = portless((app) => app.get('/m/taken', () => 'old'));
    expect(() => server.mount('/m', router)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_DUPLICATE_ROUTE' }),
    );
    expect((await server.fetch('/m/free')).status).toBe(404);
    const response = await server.fetch('/m/taken');
    expect([await response.text(), response.headers.get('x-mounted')]).toEqual(['old', null]);
    router.get('/still-open', handler);
    server.get('/m/free', handler);
    expect((await server.fetch('/m/free')).status).toBe(200);
  });

  test('at the same place twice is refused', () => {
    const router = new Router().get('/', handler);
    expect(() => new Router().mount('/a', router).mount('/a', router)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_DUPLICATE_ROUTE' }),
    );
  });
});

test('every registration returns its router', () => {
  const router = new Router();
  for (const result of [
    router.get('/g', handler),
    router.post('/p', handler),
    router.put('/u', handler),
    router.patch('/c', handler),
    router.delete('/d', handler),
    router.head('/h', handler),
    router.options('/o', handler),
    router.all('/a', handler),
    router.route('GET', '/r', handler),
    router.use((_request, next) => next()),
    router.error(handler),
    router.onResponse(() => undefined),
    router.ping(),
    router.setHeader('a', 'b'),
    router.setHeaders({ c: 1 }),
    router.group('/x', () => undefined),
    router.mount('/y', new Router()),
  ])
    expect(result).toBe(router);
});

test('ping answers PONG as text', async () => {
  const { server } = portless((app) => app.ping().ping('/alive'));
  for (const path of ['/ping', '/alive']) {
    const response = await server.fetch(path);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'PONG',
    ]);
  }
});
