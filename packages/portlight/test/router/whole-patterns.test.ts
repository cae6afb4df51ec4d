import { describe, expect, test } from 'vitest';
import { type HttpServer, Router, type Middleware } from '../../src/index.ts';
import { openServer, portless } from '../support/open-server.ts';
import { TempFolder } from '../support/temp-folder.ts';

const guard: Middleware = (_request, next) => next();
const page = (): string => 'page';
/** Has nothing at `/`. */
const NEUTRAL = new URL('.', import.meta.url);
type Register = (app: HttpServer) => unknown;

/** Begins to serve, where a pattern that cannot be meant is refused. */
const serve = async (register: Register): Promise<Response> => portless(register).server.fetch('/');

describe('a pattern of use that was meant as a prefix is refused when the server begins to serve', () => {
  test.each<[string, Register, string]>([
    ['a path above routes', (app) => app.use('/admin', guard).get('/admin/users', page), "use('/admin{/*rest}', …)"],
    ['a path above a route with params', (app) => app.use('/a', guard).get('/a/:id', page), "use('/a{/*rest}', …)"],
    ['a path above a wildcard', (app) => app.use('/a/', guard).get('/a/*rest', page), "use('/a{/*rest}', …)"],
    ['a path with a param', (app) => app.use('/u/:id', guard).get('/u/:id/x', page), "use('/u/:id{/*rest}', …)"],
    ['a path above a WebSocket', (app) => app.use('/a', guard).accept('/a/chat', page), "use('/a{/*rest}', …)"],
    ['a path above events', (app) => app.use('/a', guard).events('/a/feed', page), "use('/a{/*rest}', …)"],
    ['the root', (app) => app.use('/', guard).get('/x', page), 'write use(…) for those'],
    [
      'a path in a group',
      (app) => app.group('/api', (api) => api.use('/admin', guard).get('/admin/users', page)),
      "use('/admin{/*rest}', …)",
    ],
    [
      'a path above a mounted router',
      (app) => app.use('/users', guard).mount('/users', new Router().get('/:id', page)),
      "use('/users{/*rest}', …)",
    ],
  ])('%s', async (_what, register, remedy) => {
    const refusal = expect.objectContaining({
      name: 'ConfigError',
      code: 'ERR_PORTLIGHT_CONFIG',
      message: expect.stringContaining(remedy) as string,
    }) as Error;
    await expect(serve(register)).rejects.toThrow(refusal);
    await expect(openServer(register)).rejects.toThrow(refusal);
  });

  test('beside a folder of files, whose paths are all there are', async () => {
    await using temp = await TempFolder.create();
    await temp.write('index.html', 'home');
    const register: Register = (app) => app.use('/admin', guard).get('/admin/users', page).files('/', temp.path);
    await expect(serve(register)).rejects.toThrow(/routes lie below it/);
  });

  test.each<[string, Register, string]>([
    ['at the path of a folder', (app) => app.use('/admin', guard).files('/admin', '.'), "use('/admin{/*rest}', …)"],
    ['above a folder', (app) => app.use('/a', guard).files('/a/files', '.'), "use('/a{/*rest}', …)"],
    ['that ends in a slash', (app) => app.use('/a/', guard).files('/a', '.'), "use('/a{/*rest}', …)"],
    ['that is the root, with a folder there', (app) => app.use('/', guard).files('/', '.'), 'write use(…)'],
    [
      'at the path of a folder, with routes beside it',
      (app) => app.use('/a', guard).get('/', page).files('/a', '.').files('/', '.'),
      "use('/a{/*rest}', …)",
    ],
    [
      'at the path of a folder in a group',
      (app) => app.group('/api', (api) => api.use('/a', guard).files('/a', '.')),
      "use('/a{/*rest}', …)",
    ],
    [
      'at the path of a mounted router, which has a folder',
      (app) => app.use('/a', guard).mount('/a', new Router().files('/', '.')),
      "use('/a{/*rest}', …)",
    ],
  ])('a path %s', async (_what, register, remedy) => {
    const refusal = expect.objectContaining({ name: 'ConfigError', code: 'ERR_PORTLIGHT_CONFIG' }) as Error;
    await expect(serve(register)).rejects.toThrow(refusal);
    await expect(serve(register)).rejects.toThrow(/while files lie below it.* or give the option use to files/);
    await expect(openServer(register)).rejects.toThrow(remedy);
  });
});

describe('a pattern of use may be', () => {
  test.each<[string, Register]>([
    ['a path of a route, with others below it', (app) => app.use('/a', guard).get('/a', page).get('/a/b', page)],
    [
      'that of a route of another router',
      (app) => app.use('/a', guard).group('/a', (a) => a.get('/', page).get('/b', page)),
    ],
    ['one that a param takes', (app) => app.use('/a', guard).get('/:name', page).get('/a/b', page)],
    ['one with a param that a route is', (app) => app.use('/u/:id', guard).get('/u/me', page).get('/u/:id/x', page)],
    ['one that a group takes', (app) => app.use('/a', guard).get('/a{/:id}', page)],
    [
      'one that a wildcard below a path takes',
      (app) => app.use('/f/b', guard).get('/f/*path', page).get('/f/b/c', page),
    ],
    ['one with a wildcard', (app) => app.use('/a{/*rest}', guard).get('/a/b', page)],
    ['one that no route lies below: it answers', (app) => app.use('/a', () => 'a').get('/ab', page)],
    ['one below which a folder of all paths may have files', (app) => app.use('/a', guard).files('/', NEUTRAL)],
    ['that of a file', (app) => app.use('/a/b.txt', guard).files('/a', NEUTRAL)],
    ['one with a wildcard, for a folder', (app) => app.use('/a{/*rest}', guard).files('/a', NEUTRAL)],
    ['one with a wildcard below a folder', (app) => app.use('/a/*rest', guard).files('/a', NEUTRAL)],
    ['that of a route and a folder', (app) => app.use('/a', guard).get('/a', page).files('/a', NEUTRAL)],
    [
      'one of a router, with folders of others',
      (app) => app.group('/a', (a) => a.use('/b', guard)).files('/a/b', NEUTRAL),
    ],
    ['a RegExp, for a folder', (app) => app.use(/^\/a$/, guard).files('/a', NEUTRAL)],
    ['a RegExp', (app) => app.use(/^\/a$/, guard).get('/a/b', page)],
    [
      'one of a router, with routes of others below',
      (app) => app.group('/a', (a) => a.use('/b', guard)).get('/a/b/c', page),
    ],
  ])('%s', async (_what, register) => {
    expect((await serve(register)).status).toBe(404);
  });
});
