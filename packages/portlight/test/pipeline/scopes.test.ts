import { describe, expect, test } from 'vitest';
import { HttpResponse, type Middleware, NotFoundError, Router } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

const tag =
  (name: string): Middleware =>
  async (_request, next) => {
    const response = await next();
    response.headers.append('x-trace', name);
  };

describe('what a router registers holds for its own routes', () => {
  const inner = new Router()
    .get('/', () => 'inner')
    .get('/throws', () => {
      throw new NotFoundError();
    })
    .use(tag('inner'))
    .onResponse((response) => `${response}+inner`)
    .setHeader('x-inner', '1')
    .error(() => 'inner error');
  const outer = new Router()
    .mount('/inner', inner)
    .get('/', () => 'outer')
    .use(tag('outer'))
    .setHeaders({ 'x-outer': '1', 'x-both': 'outer' });
  const { server } = portless((app) =>
    app
      .get('/', () => 'root')
      .mount('/outer', outer)
      .group('/group', (group) => group.get('/', () => 'group').use(tag('group')))
      .use(tag('root'))
      .setHeader('x-both', 'root')
      .error(() => 'root error'),
  );

  test.each([
    ['/', 'root', 'root', null, null, 'root'],
    ['/outer', 'outer', 'outer, root', '1', null, 'outer'],
    ['/outer/inner', 'inner+inner', 'inner, outer, root', '1', '1', 'outer'],
    ['/outer/inner/throws', 'inner error+inner', 'inner, outer, root', '1', '1', 'outer'],
    ['/group', 'group', 'group, root', null, null, 'root'],
    ['/none', 'root error', 'root', null, null, 'root'],
    ['/outer/none', 'root error', 'root', null, null, 'root'],
  ])('%s', async (path, body, trace, outerHeader, innerHeader, both) => {
    const response = await server.fetch(path);
    expect(await response.text()).toBe(body);
    expect(response.headers.get('x-trace')).toBe(trace);
    expect([response.headers.get('x-outer'), response.headers.get('x-inner'), response.headers.get('x-both')]).toEqual([
      outerHeader,
      innerHeader,
      both,
    ]);
  });

  test('and for 405 and OPTIONS on their paths', async () => {
    const wrongMethod = await server.fetch('/outer/inner', { method: 'DELETE' });
    expect([wrongMethod.status, await wrongMethod.text(), wrongMethod.headers.get('x-trace')]).toEqual([
      405,
      'inner error+inner',
      'root, outer, inner'.split(', ').reverse().join(', '),
    ]);
    expect((await server.fetch('/outer', { method: 'OPTIONS' })).headers.get('x-outer')).toBe('1');
  });
});

describe('use with a pattern', () => {
  const seen: string[] = [];
  const note: Middleware = (request, next) => {
    seen.push(`${request.method} ${request.path}`);
    return next();
  };
  const { server } = portless((app) =>
    app
      .use('/admin/*rest', note)
      .get('/admin/users', () => 'users')
      .get('/admin', () => 'admin')
      .group('/api', (api) => api.use('/v1/:id', note).get('/v1/:id', () => 'v1')),
  );

  test.each<[string, RequestInit | undefined, boolean]>([
    ['/admin/users', undefined, true],
    ['/admin/%75sers', undefined, true],
    ['/admin/users', { method: 'DELETE' }, true],
    ['/admin/users', { method: 'OPTIONS' }, true],
    ['/admin/users', { method: 'HEAD' }, true],
    ['/admin/none/at/all', undefined, true],
    ['/admin', undefined, false],
    ['/administrator', undefined, false],
    ['/api/v1/7', undefined, true],
    ['/api/v1/7', { method: 'PUT' }, true],
    ['/v1/7', undefined, false],
    ['/admin/../admin/users', undefined, false],
  ])('%s %j', async (path, init, runs) => {
    seen.length = 0;
    await server.fetch(path, init);
    expect(seen).toEqual(runs ? [`${init?.method ?? 'GET'} ${decodeURI(path)}`] : []);
  });
});

test('a guard that reads the path of the request is not passed by with an escape', async () => {
  const { server } = portless((app) =>
    app
      .use((request, next) =>
        request.path.startsWith('/admin') || request.url.pathname.startsWith('/admin')
          ? HttpResponse.problem(403)
          : next(),
      )
      .get('/admin/secret', () => 'secret'),
  );
  for (const path of ['/admin/secret', '/%61dmin/secret', '/admin/%73ecret'])
    expect((await server.fetch(path)).status).toBe(403);
});

test('a pattern of one router leaves the routes of another alone, whatever the method', async () => {
  const { server } = portless((app) =>
    app
      .group('/api', (api) => api.use('/admin/*rest', () => HttpResponse.problem(403)))
      .get('/api/admin/panel', () => 'panel'),
  );
  expect((await server.fetch('/api/admin/panel')).status).toBe(200);
  expect((await server.fetch('/api/admin/panel', { method: 'POST' })).status).toBe(405);
  expect((await server.fetch('/api/admin/none')).status).toBe(403);
});

test('middleware of the root can answer a preflight', async () => {
  const cors: Middleware = async (request, next) =>
    request.method === 'OPTIONS'
      ? new HttpResponse(null, { status: 204, headers: { 'access-control-allow-origin': '*' } })
      : next();
  const { server } = portless((app) => app.post('/x', () => 'x').use(cors));
  for (const path of ['/x', '/none']) {
    const response = await server.fetch(path, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  }
});

test("a response's own header wins over setHeader", async () => {
  const { server } = portless((app) =>
    app.setHeaders({ 'X-A': 'default', 'x-n': 1 }).get('/', () => HttpResponse.text('x').header('x-a', 'own')),
  );
  const { headers } = await server.fetch('/');
  expect([headers.get('x-a'), headers.get('x-n')]).toEqual(['own', '1']);
});
