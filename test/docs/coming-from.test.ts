import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { HttpServer, Router } from 'portlight';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/** Whose package it is said of, as the benchmarks have it. */
const load = createRequire(new URL('../bench/package.json', import.meta.url));

const JSON_POST = (body: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
});
const FORM: RequestInit = { method: 'POST', body: new URLSearchParams({ title: 'Emma' }) };
const LARGE = JSON.stringify({ title: 'x'.repeat(200_000) });

const throwSecret = (): never => {
  throw new Error('secret');
};
const ours = new HttpServer()
  .debug(false)
  .get('/text', () => 'text')
  .get('/users/:id', () => 'param')
  .get('/users/me', () => 'static')
  .get('/throw', throwSecret)
  .get('/nothing', () => undefined)
  .get('/before', () => 'before')
  .post('/json', async (request) => {
    await request.json();
    return 'read';
  })
  .post('/typed', { body: z.object({ title: z.string() }) }, ({ body }) => body)
  .post('/form', async (request) => (await request.formData()).get('title'))
  .use('/late{/*rest}', async (_request, next) => (await next()).header('x-late', 'yes'))
  .mount(
    '/late',
    new Router().get('/', () => 'late').get('/inner', () => 'late'),
  )
  .use(async (_request, next) => (await next()).header('x-later', 'yes'));

/** What a row says: the request, and what is seen of the answer, there and here. */
type Row = readonly [
  title: string,
  path: string,
  init: RequestInit,
  see: (response: Response) => unknown,
  there: unknown,
  here: unknown,
];

const status = ({ status: seen }: Response): number => seen;
const text = (response: Response): Promise<string> => response.text();
const later = ({ headers }: Response): string | null => headers.get('x-later');
const showsSecret = async (response: Response): Promise<boolean> => (await response.text()).includes('secret');
const statusAndAllow = ({ status: seen, headers }: Response): unknown => [seen, headers.get('allow')];
const type = ({ headers }: Response): string | undefined => headers.get('content-type')?.split(';')[0]?.toLowerCase();
const WRONG_METHOD = [
  'another method',
  '/text',
  { method: 'DELETE' },
  statusAndAllow,
  [404, null],
  [405, 'GET, HEAD, OPTIONS'],
] as const;
const TEXT_ALIKE = ['a slash at the end', '/text/', {}, status, 404, 200] as const;
const BY_ORDER = ['of two routes', '/users/me', {}, text, 'param', 'static'] as const;
const LATE_MIDDLEWARE = ['middleware after a route', '/before', {}, later, null, 'yes'] as const;

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  Express: [
    BY_ORDER,
    LATE_MIDDLEWARE,
    WRONG_METHOD,
    ['upper case', '/TEXT', {}, status, 200, 404],
    ['a string', '/text', {}, type, 'text/html', 'text/plain'],
    ['an error', '/throw', {}, showsSecret, true, false],
    ['an ETag', '/text', {}, ({ headers }) => headers.has('etag'), true, false],
    ['200 KB of JSON', '/json', JSON_POST(LARGE), status, 413, 200],
    ['a prefix of middleware', '/late/inner', {}, ({ headers }) => headers.get('x-late'), 'yes', 'yes'],
  ],
  Fastify: [
    WRONG_METHOD,
    TEXT_ALIKE,
    ['OPTIONS', '/text', { method: 'OPTIONS' }, statusAndAllow, [404, null], [204, 'GET, HEAD, OPTIONS']],
    ['an error', '/throw', {}, showsSecret, true, false],
    ['nothing', '/nothing', {}, status, 200, 204],
    ['a form', '/form', FORM, status, 415, 200],
    ['another type', '/typed', JSON_POST('{"title":5}'), status, 200, 400],
  ],
  Hono: [
    BY_ORDER,
    LATE_MIDDLEWARE,
    TEXT_ALIKE,
    WRONG_METHOD,
    ['no JSON', '/json', JSON_POST('{nope'), status, 500, 400],
    ['an error', '/throw', {}, type, 'text/plain', 'application/problem+json'],
    ['a pattern with a star', '/late', {}, ({ headers }) => headers.get('x-late'), 'yes', 'yes'],
    ['2 MB of JSON', '/json', JSON_POST(JSON.stringify('x'.repeat(2_000_000))), status, 200, 413],
  ],
};

const OPEN: Readonly<Record<string, () => Promise<{ readonly ask: Ask; readonly close: () => unknown }>>> = {
  Express: openExpress,
  Fastify: openFastify,
  Hono: openHono,
};

describe.each(Object.keys(ROWS))('what is said of %s', (name) => {
  let there: Awaited<ReturnType<typeof openExpress>>;
  beforeAll(async () => {
    // Hono writes errors there.
    vi.spyOn(console, 'error').mockImplementation(() => {});
    there = await (OPEN[name] as typeof openExpress)();
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await there.close();
  });

  test.each((ROWS[name] ?? []).map((row) => [row[0], row] as const))('%s', async (_title, row) => {
    const [, path, init, see, ...expected] = row;
    const seen = [await see(await there.ask(path, init)), await see(await ours.fetch(path, init))];
    expect(seen).toEqual(expected);
  });
});

interface App {
  use(...args: unknown[]): unknown;
  get(...args: unknown[]): unknown;
  post(...args: unknown[]): unknown;
}

async function openExpress(): Promise<{ readonly ask: Ask; readonly close: () => unknown }> {
  interface Answer {
    send(value: string): void;
    set(name: string, value: string): void;
  }
  const express = load('express') as (() => App & { listen(port: number, host: string): Server }) & {
    json(): unknown;
  };
  const say = (value: string) => (_request: unknown, response: Answer) => response.send(value);
  const mark = (name: string) => (_request: unknown, response: Answer, next: () => void) => {
    response.set(name, 'yes');
    next();
  };
  const app = express();
  app.use('/late', mark('x-late'));
  for (const path of ['text', 'late', 'late/inner', 'before']) app.get(`/${path}`, say(path));
  app.get('/users/:id', say('param'));
  app.get('/users/me', say('static'));
  app.get('/throw', throwSecret);
  app.post('/json', express.json(), say('read'));
  app.use(mark('x-later'));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ask: (path, init) => fetch(base + path, init),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function openFastify(): Promise<{ readonly ask: Ask; readonly close: () => unknown }> {
  const fastify = load('fastify') as () => App & { listen(at: object): Promise<string>; close(): Promise<void> };
  const app = fastify();
  const body = { type: 'object', properties: { title: { type: 'string' } } };
  app.get('/text', async () => 'text');
  app.get('/throw', async () => throwSecret());
  app.get('/nothing', async () => undefined);
  app.post('/form', async () => 'read');
  app.post('/typed', { schema: { body } }, async () => 'read');
  const base = await app.listen({ host: '127.0.0.1', port: 0 });
  return { ask: (path, init) => fetch(base + path, init), close: () => app.close() };
}

async function openHono(): Promise<{ readonly ask: Ask; readonly close: () => unknown }> {
  interface Context {
    text(value: string): Response;
    header(name: string, value: string): void;
    readonly req: { json(): Promise<unknown> };
  }
  const { Hono } = load('hono') as {
    Hono: new () => App & {
      onError(handler: unknown): void;
      request(path: string, init?: RequestInit): Promise<Response>;
    };
  };
  const mark = (name: string) => async (context: Context, next: () => Promise<void>) => {
    await next();
    context.header(name, 'yes');
  };
  const app = new Hono();
  app.use('/late/*', mark('x-late'));
  for (const path of ['text', 'late', 'before']) app.get(`/${path}`, (context: Context) => context.text(path));
  app.get('/users/:id', (context: Context) => context.text('param'));
  app.get('/users/me', (context: Context) => context.text('static'));
  app.get('/throw', throwSecret);
  app.post('/json', async (context: Context) => {
    await context.req.json();
    return context.text('read');
  });
  app.use(mark('x-later'));
  return { ask: async (path, init) => app.request(path, init), close: () => undefined };
}
