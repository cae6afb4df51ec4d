import { MemoryRateLimitStore, type RateLimitStore } from '@portlight/rate-limit';
import { describe, expect, test } from 'vitest';
import { type HttpServer, Router } from '../../src/index.ts';
import { openChannel, openEvents } from '../../src/testing/index.ts';
import { backplaneWith } from '../support/backplane-with.ts';
import { portless } from '../support/open-server.ts';

const own = { rateLimit: { max: 100, windowSeconds: 60 } };
const ok = (): string => 'ok';

/** The keys that requests are counted under, in their order. */
async function keysOf(
  register: (app: HttpServer) => unknown,
  ask: (server: HttpServer) => Promise<unknown>,
): Promise<readonly string[]> {
  const keys: string[] = [];
  const store = new MemoryRateLimitStore();
  const limits: RateLimitStore = {
    take(claims) {
      keys.push(...claims.map(({ key }) => key));
      return store.take(claims);
    },
  };
  const { server } = portless((app) => register(app.backplane(backplaneWith({ limits }))));
  await ask(server);
  return keys;
}

const get = (...paths: readonly string[]) => requests(...paths.map((path) => `GET ${path}`));

function requests(...lines: readonly string[]): (server: HttpServer) => Promise<void> {
  return async (server) => {
    for (const line of lines) {
      const [method = '', path = ''] = line.split(' ');
      expect((await server.fetch(path, { method })).status).toBe(200);
    }
  };
}

describe('a key', () => {
  test('names the policy, and what it is counted for', async () => {
    const keys = await keysOf(
      (app) =>
        app
          .setRateLimit(100, 60)
          .get('/', ok)
          .get('/users/:id', own, ok)
          .route('PUT|PATCH', '/users/:id', { rateLimit: [{ ...own.rateLimit, name: 'writes' }] }, ok)
          .all(/\/re(?:\/.*)?/i, own, ok)
          .group('/api', (api) => api.setRateLimit(100, 60, { name: 'api' }).get('/a', ok).get('/b', own, ok)),
      requests('GET /', 'GET /users/7', 'PATCH /users/7', 'GET /RE/x', 'GET /api/a', 'GET /api/b'),
    );
    expect(keys).toEqual([
      '["default"]127.0.0.1',
      '["default","GET /users/:id"]127.0.0.1',
      '["writes","PATCH|PUT /users/:id"]127.0.0.1',
      '["default","all","","\\\\/re(?:\\\\/.*)?","i"]127.0.0.1',
      '["api","/api"]127.0.0.1',
      '["default","GET /api/b"]127.0.0.1',
    ]);
  });

  test('is the same, whatever else is registered, and in what order', async () => {
    const router = new Router().get('/:id', own, ok).get(/\/x\/\d+/, own, ok);
    const other = new Router().get('/:id', own, ok);
    const ask = get('/one', '/a/7', '/a/x/1', '/b/7', '/limited');
    const before = await keysOf(
      (app) =>
        app
          .get('/one', own, ok)
          .mount('/a', router)
          .mount('/b', router)
          .group('/', (group) => group.setRateLimit(9, 60).get('/limited', ok)),
      ask,
    );
    const after = await keysOf(
      (app) =>
        app
          .get('/none', own, ok)
          .group('/', (group) => group.setRateLimit(9, 60).get('/limited', ok))
          .mount('/c', other)
          .mount('/b', router)
          .mount('/a', router)
          .get('/other/:x', own, ok)
          .get('/one', own, ok),
      ask,
    );
    expect(after).toEqual(before);
    expect(new Set(before).size).toBe(5);
  });

  test('is that of all methods of one registration, in whatever order they are written', async () => {
    const ask = requests('PUT /', 'PATCH /', 'POST /');
    const [put, patch, post] = await keysOf((app) => app.route('PUT|PATCH', '/', own, ok).post('/', own, ok), ask);
    expect(patch).toBe(put);
    expect(post).not.toBe(put);
    expect(await keysOf((app) => app.post('/', own, ok).route('PATCH|PUT', '/', own, ok), ask)).toEqual([
      put,
      patch,
      post,
    ]);
  });

  test.each<[string, (app: HttpServer) => unknown, (server: HttpServer) => Promise<unknown>]>([
    ['a string and an expression', (app) => app.get('/a/', own, ok).get(/\/a\/b/, own, ok), get('/a', '/a/b')],
    ['flags of an expression', (app) => app.get(/\/a/, own, ok).get(/\/a/i, own, ok), get('/a', '/A')],
    ['an expression and every path', (app) => app.get(/\/null/, own, ok).get(null, own, ok), get('/null', '/x')],
    [
      'a prefix and a pattern',
      (app) =>
        app.group('/x', (x) => x.get(/\/a\/b/, own, ok).get('/c', own, ok)).group('/x/a', (a) => a.get(/\/c/, own, ok)),
      get('/x/a/b', '/x/c', '/x/a/c'),
    ],
    ['all and GET', (app) => app.all('/a', own, ok).get('/a', own, ok), requests('GET /a', 'PUT /a')],
    [
      'methods of several registrations',
      (app) => app.route('PUT|PATCH', '/a', own, ok).route('GET|POST', '/a', own, ok).delete('/a', own, ok),
      requests('PUT /a', 'POST /a', 'DELETE /a'),
    ],
    [
      'names with quotes and brackets',
      (app) =>
        app
          .setRateLimit(9, 60, { name: '"],["' })
          .get('/', ok)
          .get('/a', { rateLimit: { ...own.rateLimit, name: '","' } }, ok),
      get('/', '/a'),
    ],
    [
      'routers under one prefix',
      (app) =>
        app
          .setRateLimit(9, 60)
          .get('/', ok)
          .group('/', (group) => group.setRateLimit(9, 60).get('/a', ok))
          .group('/', (group) => group.setRateLimit(9, 60).get('/b', ok)),
      get('/', '/a', '/b'),
    ],
  ])('is another one for another route: %s', async (_what, register, ask) => {
    const keys = await keysOf(register, ask);
    expect(keys.length).toBeGreaterThan(1);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('is another one for another kind of route, and for slashes that count', async () => {
    const kinds = await keysOf(
      (app) =>
        app
          .get('/a', own, ok)
          .accept('/a', own, () => undefined)
          .events('/a', own, (stream) => stream.close()),
      async (server) => {
        await server.fetch('/a');
        (await openChannel(server, '/a')).close();
        await openEvents(server, '/a');
      },
    );
    expect(new Set(kinds).size).toBe(3);
    const keys: string[] = [];
    const limits: RateLimitStore = {
      take: (claims) => {
        keys.push(...claims.map(({ key }) => key));
        return new MemoryRateLimitStore().take(claims);
      },
    };
    const { server } = portless(
      (app) =>
        app
          .backplane(backplaneWith({ limits }))
          .get('/a/', own, ok)
          .group('/a', (group) => group.get('/', own, ok)),
      { strictSlashes: true },
    );
    await get('/a', '/a/')(server);
    expect(new Set(keys).size).toBe(2);
  });
});

describe('setRateLimit of a router', () => {
  const max = (count: number) => ({ rateLimit: { max: count, windowSeconds: 60 } });

  test('counts for all its routes together, in place of the limits around it', async () => {
    const { server } = portless((app) =>
      app
        .setRateLimit(1, 60, { name: 'all' })
        .get('/', ok)
        .group('/api', (api) =>
          api
            .setRateLimit(2, 60, { name: 'api' })
            .get('/a', ok)
            .get('/own', max(1), ok)
            .get('/free', { rateLimit: false }, ok)
            .group('/inner', (inner) => inner.post('/b', ok))
            .group('/tight', (tight) => tight.setRateLimit(1, 60, { name: 'tight' }).get('/c', ok)),
        ),
    );
    const seen: string[] = [];
    for (const line of [
      'GET /api/a',
      'POST /api/inner/b',
      'GET /api/a',
      'GET /api/own',
      'GET /api/own',
      'GET /api/free',
      'GET /api/tight/c',
      'GET /api/tight/c',
      'GET /',
      'GET /api/nowhere',
    ]) {
      const [method = '', path = ''] = line.split(' ');
      const { status, headers } = await server.fetch(path, { method });
      seen.push(`${line} ${status} ${headers.get('ratelimit-policy') ?? '-'}`);
    }
    expect(seen).toEqual([
      'GET /api/a 200 "api";q=2;w=60',
      'POST /api/inner/b 200 "api";q=2;w=60',
      'GET /api/a 429 "api";q=2;w=60',
      'GET /api/own 200 "default";q=1;w=60',
      'GET /api/own 429 "default";q=1;w=60',
      'GET /api/free 200 -',
      'GET /api/tight/c 200 "tight";q=1;w=60',
      'GET /api/tight/c 429 "tight";q=1;w=60',
      'GET / 200 "all";q=1;w=60',
      'GET /api/nowhere 429 "all";q=1;w=60',
    ]);
  });

  test('counts for each mount apart, and may state several', async () => {
    const router = new Router().setRateLimit(1, 1).setRateLimit(9, 60, { name: 'slow' }).get('/:id', ok).post('/', ok);
    const { server } = portless((app) => app.mount('/a', router).mount('/b', router));
    const statuses = [];
    for (const path of ['/a/1', '/a/2', '/b/1']) statuses.push((await server.fetch(path)).status);
    expect(statuses).toEqual([200, 429, 200]);
    const { headers } = await server.fetch('/b', { method: 'POST' });
    expect(headers.get('ratelimit-policy')).toBe('"default";q=1;w=1, "slow";q=9;w=60');
  });

  test('is refused where it is wrong, or comes too late', () => {
    expect(() => new Router().setRateLimit(0, 60)).toThrow(/max/);
    expect(() => new Router().setRateLimit(1, 60).setRateLimit(2, 60)).toThrow(/of the name "default" already/);
    expect(() => new Router().setRateLimit(1, 60, {}, ...([{}] as never[]))).toThrow(/more arguments/);
    const router = new Router().get('/', ok);
    portless((app) => app.mount('/a', router));
    expect(() => router.setRateLimit(1, 60)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_LATE_REGISTRATION' }),
    );
  });
});
