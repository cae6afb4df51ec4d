import { describe, expect, test } from 'vitest';
import { HttpResponse, HttpServer, Router } from '../../src/index.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

const from = (key: string): RequestInit => ({ headers: { 'x-key': key } });
const byKey = { key: (each: { header(name: string): string | undefined }): string | undefined => each.header('x-key') };

describe('setRateLimit', () => {
  test('admits so many of one key, and says how things stand on each response', async () => {
    const { server } = portless((app) => app.setRateLimit(2, 60, byKey).get('/', () => 'ok'));
    const seen = [];
    for (const key of ['a', 'a', 'a', 'b']) {
      const { status, headers } = await server.fetch('/', from(key));
      seen.push([
        status,
        headers.get('ratelimit-policy'),
        headers.get('ratelimit')?.replace(/t=\d+/, 't'),
        headers.has('retry-after'),
      ]);
    }
    expect(seen).toEqual([
      [200, '"default";q=2;w=60', '"default";r=1;t', false],
      [200, '"default";q=2;w=60', '"default";r=0;t', false],
      [429, '"default";q=2;w=60', '"default";r=0;t', true],
      [200, '"default";q=2;w=60', '"default";r=1;t', false],
    ]);
  });

  test('answers 429 as a problem that the error handlers may word', async () => {
    const { server } = portless((app) => app.setRateLimit(1, 60).get('/', () => 'ok'));
    await server.fetch('/');
    const refused = await server.fetch('/');
    expect(await refused.json()).toMatchObject({
      status: 429,
      title: 'Too Many Requests',
      code: 'ERR_PORTLIGHT_RATE_LIMITED',
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const { server: worded } = portless((app) =>
      app
        .setRateLimit(1, 60)
        .get('/', () => 'ok')
        .error(429, (error) => HttpResponse.text(`slow down: ${error.code}`)),
    );
    await worded.fetch('/');
    const other = await worded.fetch('/');
    expect([other.status, await other.text(), other.headers.has('retry-after')]).toEqual([
      429,
      'slow down: ERR_PORTLIGHT_RATE_LIMITED',
      true,
    ]);
  });

  test('counts what has no route, what has another method, errors and HEAD', async () => {
    const { server } = portless((app) =>
      app
        .setRateLimit(100, 60)
        .get('/', () => 'ok')
        .get('/broken', () => Promise.reject(new Error('broken'))),
    );
    const answers = [];
    for (const [method, path] of [
      ['GET', '/nowhere'],
      ['DELETE', '/'],
      ['HEAD', '/'],
      ['OPTIONS', '/'],
      ['GET', '/broken'],
      ['GET', '/a/../b'],
    ] as const) {
      const { status, headers } = await server.fetch(path, { method });
      answers.push([status, headers.get('ratelimit')?.match(/r=\d+/)?.[0]]);
    }
    expect(answers).toEqual([
      [404, 'r=99'],
      [405, 'r=98'],
      [200, 'r=97'],
      [204, 'r=96'],
      [500, 'r=95'],
      [400, 'r=94'],
    ]);
  });

  test('passes over what skip tells, and says nothing then', async () => {
    const { server } = portless((app) =>
      app.setRateLimit(1, 60, { skip: (each) => each.path === '/free' }).get('/free', () => 'ok'),
    );
    for (let index = 0; index < 3; index++) expect((await server.fetch('/free')).headers.has('ratelimit')).toBe(false);
  });

  test('takes the address where key gives no text', async () => {
    const { server } = portless((app) => app.setRateLimit(1, 60, byKey).get('/', () => 'ok'));
    const statuses = [];
    for (const init of [{}, {}, from(''), from('127.0.0.1')]) statuses.push((await server.fetch('/', init)).status);
    expect(statuses).toEqual([200, 429, 429, 200]);
  });

  test('may be called for several limits, and counts for none what one refuses', async () => {
    const { server } = portless((app) =>
      app
        .setRateLimit(1, 60, { name: 'keys', ...byKey })
        .setRateLimit(3, 60, { name: 'all' })
        .get('/', () => 'ok'),
    );
    const seen = [];
    for (const key of ['a', 'a', 'a', 'b', 'c', 'd']) {
      const { status, headers } = await server.fetch('/', from(key));
      seen.push([status, headers.get('ratelimit')?.match(/r=\d+/g)?.join()]);
    }
    expect(seen).toEqual([
      [200, 'r=0,r=2'],
      [429, 'r=0,r=2'],
      [429, 'r=0,r=2'],
      [200, 'r=0,r=1'],
      [200, 'r=0,r=0'],
      [429, 'r=1,r=0'],
    ]);
  });

  test('comes before middleware, the body and the handler', async () => {
    const passed: string[] = [];
    await using open = await openServer((app) =>
      app
        .setRateLimit(1, 60)
        .use((_request, next) => {
          passed.push('middleware');
          return next();
        })
        .post('/', async (each) => {
          passed.push('handler');
          return each.text();
        }),
    );
    await using client = await RawClient.open(open.port);
    await client.send(request('POST', '/', ['content-length: 2']) + 'hi').response();
    client.send(request('POST', '/', ['content-length: 1000000', 'expect: 100-continue']));
    const [, refused] = await client.responses(2);
    expect(refused?.status).toBe(429);
    expect(passed).toEqual(['middleware', 'handler']);
  });

  test('counts the addresses of both families of a dual-stack socket once', async () => {
    const server = new HttpServer('::', 0).setRateLimit(1, 60).get('/', () => 'ok');
    await server.start();
    try {
      const { port } = server.getAddress();
      await using v4 = await RawClient.open(port, '127.0.0.1');
      await using v6 = await RawClient.open(port, '::1');
      const statuses = [];
      for (const client of [v4, v6, v4, v6]) statuses.push(client.send(get('/')));
      expect((await v4.responses(2)).map(({ status }) => status)).toEqual([200, 429]);
      expect((await v6.responses(2)).map(({ status }) => status)).toEqual([200, 429]);
    } finally {
      await server.shutdown({ timeoutMs: 0 });
    }
  });

  test('is not moved by forged headers of a peer that is not trusted', async () => {
    const { server } = portless((app) => app.setRateLimit(1, 60).get('/', () => 'ok'));
    const statuses = [];
    for (const [name, value] of [
      ['x-forwarded-for', '1.1.1.1'],
      ['forwarded', 'for=2.2.2.2'],
      ['x-real-ip', '3.3.3.3'],
      ['cf-connecting-ip', '4.4.4.4'],
    ] as const) {
      statuses.push((await server.fetch('/', { headers: { [name]: value } })).status);
    }
    expect(statuses).toEqual([200, 429, 429, 429]);
  });

  test('counts the client behind a proxy that is trusted', async () => {
    const { server } = portless((app) => app.setRateLimit(1, 60).get('/', () => 'ok'), { trustProxy: ['127.0.0.1'] });
    const status = async (field: string): Promise<number> =>
      (await server.fetch('/', { headers: { 'x-forwarded-for': field } })).status;
    expect([
      await status('198.51.100.1'),
      await status('6.6.6.6, 198.51.100.1'),
      await status('198.51.100.2'),
      await status('2001:db8::1'),
      await status('2001:db8:0:00ff::9'),
    ]).toEqual([200, 429, 200, 200, 429]);
  });

  test.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('late'))],
    ['is a promise', () => Promise.resolve('a')],
    ['is an object', () => ({})],
  ])('answers 500 to a key that %s', async (_how, key) => {
    const { server, log } = portless((app) => app.setRateLimit(1, 60, { key: key as never }).get('/', () => 'ok'));
    expect((await server.fetch('/')).status).toBe(500);
    expect(log.at('error')).toHaveLength(1);
  });

  test('takes numbers for keys, and refuses a skip that is a promise', async () => {
    const { server } = portless((app) =>
      app.setRateLimit(1, 60, { key: (each) => Number(each.header('x-key')) }).get('/', () => 'ok'),
    );
    expect([
      (await server.fetch('/', from('1'))).status,
      (await server.fetch('/', from('2'))).status,
      (await server.fetch('/', from('1'))).status,
    ]).toEqual([200, 200, 429]);
    const { server: other } = portless((app) =>
      app.setRateLimit(1, 60, { skip: (() => Promise.resolve(true)) as never }).get('/', () => 'ok'),
    );
    expect((await other.fetch('/')).status).toBe(500);
  });

  test('gives the handlers of errors the time to wait, and leaves theirs as they say it', async () => {
    const { server } = portless((app) =>
      app
        .setRateLimit(1, 60)
        .get('/', () => 'ok')
        .error(429, (error) =>
          HttpResponse.text(`wait ${error.headers['retry-after'] ?? '?'} s`, { headers: { 'retry-after': '120' } }),
        ),
    );
    await server.fetch('/');
    const refused = await server.fetch('/');
    expect(await refused.text()).toMatch(/^wait (59|60) s$/);
    expect(refused.headers.get('retry-after')).toBe('120');
  });

  test('reports a key that throws, as any error of the app', async () => {
    const { server, log } = portless((app) =>
      app
        .setRateLimit(1, 60, {
          key: () => {
            throw new Error('broken key');
          },
        })
        .get('/', () => 'ok'),
    );
    expect((await server.fetch('/')).status).toBe(500);
    expect(log.at('error')).toHaveLength(1);
  });

  test.each<[string, (server: HttpServer) => unknown]>([
    ['max', (server) => server.setRateLimit(0, 60)],
    ['max', (server) => server.setRateLimit(1.5, 60)],
    ['max', (server) => server.setRateLimit('10' as never, 60)],
    ['windowSeconds', (server) => server.setRateLimit(1, 0)],
    ['windowSeconds', (server) => server.setRateLimit(1, 0.5)],
    ['seconds of its window', (server) => server.setRateLimit(1, undefined as never)],
    ['algorithm', (server) => server.setRateLimit(1, 60, { algorithm: 'leaky' as never })],
    ['name', (server) => server.setRateLimit(1, 60, { name: 'naïve' })],
    ['key', (server) => server.setRateLimit(1, 60, { key: 'ip' as never })],
    ['limit', (server) => server.setRateLimit(1, 60, { limit: 3 } as never)],
    ['default', (server) => server.setRateLimit(1, 60).setRateLimit(2, 60)],
    ['max', (server) => server.setRateLimit(1, 60, { max: 5 } as never)],
    ['a function', (server) => server.setRateLimit(1, 60, ((request: unknown) => request) as never)],
    ['null', (server) => server.setRateLimit(1, 60, null as never)],
    ['an array', (server) => server.setRateLimit(1, 60, [] as never)],
    ['empty list', (server) => server.get('/', { rateLimit: [] }, () => 'ok')],
    ['max', (server) => server.get('/', { rateLimit: { max: -1, windowSeconds: 1 } }, () => 'ok')],
    ['rateLimit', (server) => server.get('/', { rateLimit: true as never }, () => 'ok')],
    [
      'names',
      (server) =>
        server.get(
          '/',
          {
            rateLimit: [
              { max: 1, windowSeconds: 1 },
              { max: 2, windowSeconds: 1 },
            ],
          },
          () => 'ok',
        ),
    ],
  ])('refuses a wrong value where it is given: %s', (word, act) => {
    expect(() => act(new HttpServer())).toThrow(
      expect.objectContaining({
        code: 'ERR_PORTLIGHT_INVALID_OPTION',
        message: expect.stringContaining(word) as unknown,
      }),
    );
  });
});

describe('the option rateLimit of a route', () => {
  test('stands in place of the general limit and counts for itself', async () => {
    const own = { rateLimit: { max: 1, windowSeconds: 60 } };
    const { server } = portless((app) =>
      app
        .setRateLimit(2, 60)
        .post('/login', own, () => 'in')
        .post('/other', own, () => 'in')
        .get('/', () => 'ok'),
    );
    const status = async (method: string, path: string): Promise<number> =>
      (await server.fetch(path, { method })).status;
    expect([
      await status('POST', '/login'),
      await status('POST', '/login'),
      await status('POST', '/other'),
      await status('GET', '/'),
      await status('GET', '/'),
      await status('GET', '/'),
    ]).toEqual([200, 429, 200, 200, 200, 429]);
  });

  test('counts apart in two mounts of one router, and together on all paths of one pattern', async () => {
    const router = new Router().get('/:id', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'ok');
    const { server } = portless((app) => app.mount('/a', router).mount('/b', router));
    const statuses = [];
    for (const path of ['/a/1', '/a/2', '/b/1', '/b/1']) statuses.push((await server.fetch(path)).status);
    expect(statuses).toEqual([200, 429, 200, 429]);
  });

  test('counts all methods of one registration together', async () => {
    const { server } = portless((app) =>
      app
        .route('PUT|PATCH', '/', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'ok')
        .post('/', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'ok'),
    );
    const status = async (method: string): Promise<number> => (await server.fetch('/', { method })).status;
    expect([await status('PUT'), await status('PATCH'), await status('POST')]).toEqual([200, 429, 200]);
  });

  test('may state several, or none', async () => {
    const { server } = portless((app) =>
      app
        .setRateLimit(1, 60)
        .get(
          '/two',
          {
            rateLimit: [
              { max: 5, windowSeconds: 1, name: 'fast' },
              { max: 9, windowSeconds: 60, name: 'slow' },
            ],
          },
          () => 'ok',
        )
        .get('/free', { rateLimit: false }, () => 'ok')
        .ready(),
    );
    expect((await server.fetch('/two')).headers.get('ratelimit-policy')).toBe('"fast";q=5;w=1, "slow";q=9;w=60');
    for (const path of ['/free', '/free', '/ready', '/ready'])
      expect((await server.fetch(path)).headers.has('ratelimit')).toBe(false);
  });
});
