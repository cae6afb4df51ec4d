import { describe, expect, test } from 'vitest';
import { ConfigError, HttpServer, Router } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

const cors =
  (origin: string) =>
  (router: Router): Router =>
    router.setHeader('access-control-allow-origin', origin).get('/cors', () => origin);

describe('a plugin', () => {
  test('registers on the router that it is applied to, which is returned', async () => {
    const { server } = portless((app) => {
      expect(app.apply(cors('https://a.example'))).toBe(app);
    });
    const response = await server.fetch('/cors');
    expect([response.headers.get('access-control-allow-origin'), await response.text()]).toEqual([
      'https://a.example',
      'https://a.example',
    ]);
  });

  test('may be for a server alone', () => {
    const { server } = portless((app) => app.apply((own) => own.ready('/up')));
    expect(server.routes().map(({ pattern }) => pattern)).toEqual(['/up']);
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'apply needs a plugin, a function, not undefined.'],
    ['an object', {}, 'apply needs a plugin, a function, not object.'],
    ['an async function', async () => {}, 'apply needs a function that registers at once, not an async one.'],
  ])('is refused where it is %s', (_what, plugin, message) => {
    expect(() => new Router().apply(plugin as never)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expect.stringContaining(message) as string }),
    );
  });

  test('is told what it has done wrong, as where it had been written in its place', () => {
    expect(() => new Router().get('/a', () => 'a').apply((router) => router.get('/a', () => 'b'))).toThrow(ConfigError);
    expect(() =>
      new Router().apply(() => {
        throw new RangeError('own');
      }),
    ).toThrow(RangeError);
  });

  test('comes too late for a router that was mounted', () => {
    const router = new Router();
    new HttpServer().mount('/a', router);
    expect(() => router.apply(() => {})).toThrow('comes too late');
  });
});

describe('the list of routes', () => {
  test('has every route of every kind, with prefixes and options', () => {
    const options = { summary: 'One thing', tags: ['things'] };
    const inner = new Router()
      .get('/', () => '')
      .route('PUT|PROPFIND', '/:id', options, () => '')
      .accept('/chat', () => {})
      .all(null, () => '');
    const { server } = portless((app) =>
      app
        .get(/\/old\/.*/, () => '')
        .mount('/api', inner)
        .events('/feed', () => {})
        .ping(),
    );
    expect(server.routes()).toEqual([
      { kind: 'http', method: 'GET', pattern: String.raw`/\/old\/.*/`, options: {} },
      { kind: 'http', method: 'GET', pattern: '/api', options: {} },
      { kind: 'http', method: 'PUT', pattern: '/api/:id', options },
      { kind: 'http', method: 'PROPFIND', pattern: '/api/:id', options },
      { kind: 'http', method: null, pattern: '/api*', options: {} },
      { kind: 'http', method: 'GET', pattern: '/ping', options: { connectionRequired: false } },
      { kind: 'websocket', method: 'GET', pattern: '/api/chat', options: {} },
      { kind: 'events', method: 'GET', pattern: '/feed', options: {} },
    ]);
  });

  test('is what requests say of their route', async () => {
    const { server } = portless((app) =>
      app
        .use(async (request, next) => (await next()).header('x-route', request.route ?? 'none'))
        .group('/api', (api) => api.get('/things/:id', ({ route }) => route).all(null, ({ route }) => route))
        .get('/', ({ route }) => route)
        .error((_error, request) => request?.route ?? 'none'),
    );
    for (const [path, method, route] of [
      ['/', 'GET', '/'],
      ['/api/things/7', 'GET', '/api/things/:id'],
      ['/api/else', 'PUT', '/api*'],
      ['/', 'PUT', 'none'],
      ['/nowhere', 'GET', 'none'],
    ] as const) {
      const response = await server.fetch(path, { method });
      expect([await response.text(), response.headers.get('x-route')]).toEqual([route, route]);
    }
  });
});
