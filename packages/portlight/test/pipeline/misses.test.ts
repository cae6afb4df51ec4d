import { describe, expect, test } from 'vitest';
import { portless } from '../support/open-server.ts';

const { server } = portless((app) =>
  app
    .get('/users/:id', (request) => request.params.id)
    .put('/users/:id', () => 'put')
    .head('/head', () => 'own')
    .get('/head', () => 'get')
    .options('/options', () => 'own')
    .all('/all', (request) => request.method)
    .route('PROPFIND|REPORT', '/dav/*path', (request) => ({ [request.method]: request.params.path })),
);

describe('a path that is known', () => {
  test.each(['POST', 'DELETE', 'PATCH', 'PROPFIND'])('is 405 with Allow for %s', async (method) => {
    const response = await server.fetch('/users/7', { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS, PUT');
    expect(await response.json()).toMatchObject({ code: 'ERR_PORTLIGHT_METHOD_NOT_ALLOWED' });
  });

  test('answers OPTIONS by itself', async () => {
    const response = await server.fetch('/users/7', { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS, PUT');
    expect(response.headers.has('content-length')).toBe(false);
  });

  test('answers OPTIONS by its route', async () => {
    expect(await (await server.fetch('/options', { method: 'OPTIONS' })).text()).toBe('own');
  });

  test('answers HEAD by GET, with its headers and no body', async () => {
    const response = await server.fetch('/users/seven', { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '5', '']);
  });

  test('answers HEAD by a route of its own', async () => {
    const response = await server.fetch('/head', { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '3', '']);
  });

  test('takes methods without a name here', async () => {
    expect(await (await server.fetch('/dav/a/b', { method: 'PROPFIND' })).json()).toEqual({ PROPFIND: ['a', 'b'] });
    expect((await server.fetch('/dav/a/b')).status).toBe(405);
  });

  test('takes every method by all', async () => {
    for (const method of ['GET', 'DELETE', 'OPTIONS', 'PURGE'])
      expect(await (await server.fetch('/all', { method })).text()).toBe(method);
  });
});

describe('a path that is not known', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'POST'])('is 404 for %s', async (method) => {
    const response = await server.fetch('/none', { method });
    expect(response.status).toBe(404);
    if (method !== 'HEAD')
      expect(await response.json()).toEqual({
        status: 404,
        title: 'Not Found',
        detail: 'There is nothing at this path.',
        code: 'ERR_PORTLIGHT_NOT_FOUND',
      });
  });

  test.each(['/users/7/', '/USERS/7', '/users//7', '/users/a%2Fb'])('and one that is: %s', async (path) => {
    const expected: Readonly<Record<string, [number, string?]>> = {
      '/users/7/': [200, '7'],
      '/USERS/7': [404],
      '/users//7': [404],
      '/users/a%2Fb': [200, 'a/b'],
    };
    const response = await server.fetch(path);
    const [status, body] = expected[path] ?? [];
    expect(response.status).toBe(status);
    if (body !== undefined) expect(await response.text()).toBe(body);
  });
});

test.each([
  '//a',
  '/a/../users/7',
  '/users/%zz',
  '/users/%2e%2e',
  '/users/a\\b',
  '/users/7#x',
  '/users/%00',
  '/users/7?a=%',
])('the target %s is 400 before anything is routed', async (target) => {
  const response = await server.fetch(target);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'ERR_PORTLIGHT_BAD_REQUEST' });
});

test('a strict server tells slashes apart', async () => {
  const strict = portless((app) => app.get('/a', () => 'a').get('/b/', () => 'b'), { strictSlashes: true }).server;
  expect(await Promise.all(['/a', '/a/', '/b', '/b/'].map(async (path) => (await strict.fetch(path)).status))).toEqual([
    200, 404, 404, 200,
  ]);
});
