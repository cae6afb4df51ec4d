import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ConfigError,
  type FilesOptions,
  type FinishedExchange,
  HttpResponse,
  type HttpServer,
  Router,
} from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';
import { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let root: string;

beforeAll(async () => {
  temp = await TempFolder.create();
  root = temp.at('root');
  await mkdir(temp.at('root', 'docs', '.git'), { recursive: true });
  await mkdir(temp.at('root', 'empty'));
  await mkdir(temp.at('other'));
  const texts = {
    'outside.txt': 'OUT',
    'other/a.txt': 'other a',
    'root/index.html': '<h1>Home</h1>',
    'root/a.txt': 'a',
    'root/app-0a1b2c3d.js': 'js',
    'root/docs/index.html': '<h1>Docs</h1>',
    'root/docs/ü 50%.txt': 'ü',
    'root/docs/.git/config': 'secret',
    'root/.env': 'secret',
    'root/big.txt': 'big',
    'root/big.txt.br': 'compressed',
  };
  for (const [name, text] of Object.entries(texts)) await temp.write(name, text);
  await symlink('../outside.txt', temp.at('root', 'out.txt'));
  await symlink('a.txt', temp.at('root', 'in.txt'));
});

afterAll(() => temp[Symbol.asyncDispose]());

function serving(options: FilesOptions = {}, register: (app: HttpServer) => unknown = () => {}): HttpServer {
  return portless((app) => {
    app.files('/', root, options);
    register(app);
  }).server;
}

/** The answer, whose body nobody wants. */
async function ask(server: HttpServer, path: string, init?: RequestInit): Promise<Response> {
  const response = await server.fetch(path, init);
  await response.body?.cancel();
  return response;
}

async function read(server: HttpServer, path: string, init?: RequestInit): Promise<string | number> {
  const response = await server.fetch(path, init);
  const text = await response.text();
  return response.status === 200 ? text : response.status;
}

const PAGE = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };

describe('a folder of files', () => {
  test.each<[string, string | number]>([
    ['/', '<h1>Home</h1>'],
    ['/index.html', '<h1>Home</h1>'],
    ['/a.txt', 'a'],
    ['/a.txt?x=1', 'a'],
    ['/in.txt', 'a'],
    ['/docs/', '<h1>Docs</h1>'],
    ['/docs/%C3%BC%2050%25.txt', 'ü'],
    ['/%61.txt', 'a'],
    ['/a.txt/', 404],
    ['/empty', 404],
    ['/empty/', 404],
    ['/nothing.txt', 404],
    ['/docs/nothing', 404],
    ['/.env', 404],
    ['/docs/.git/config', 404],
    ['/out.txt', 404],
    ['/a.txt%00', 400],
    ['/..%2foutside.txt', 404],
    ['/%2e%2e/outside.txt', 400],
    ['/docs/..%2fa.txt', 404],
    ['/docs%2findex.html', 404],
    ['/docs%5c..%5ca.txt', 404],
    ['//a.txt', 400],
    ['/docs//index.html', 404],
    ['/%252e%252e/outside.txt', 404],
  ])('gives for %s %j', async (path, expected) => {
    expect(await read(serving(), path)).toBe(expected);
  });

  test('is asked where no route takes the path', async () => {
    const server = serving({}, (app) =>
      app.get('/a.txt', () => 'route').get('/docs/:name', ({ params }) => params.name),
    );
    expect(await read(server, '/a.txt')).toBe('route');
    expect(await read(server, '/docs/index.html')).toBe('index.html');
    expect(await read(server, '/')).toBe('<h1>Home</h1>');
  });

  test('is asked before another with a shorter prefix, whose file is sent where it has none', async () => {
    const { server } = portless((app) => app.files('/', root).files('/docs', temp.at('other')));
    expect(await read(server, '/docs/a.txt')).toBe('other a');
    expect(await read(server, '/docs/')).toBe('<h1>Docs</h1>');
    expect(await read(server, '/docsa.txt')).toBe(404);
  });

  test.each<[string, string, string | null]>([
    ['/docs', './docs/', '/docs/'],
    ['/docs?a=1&b=%20', './docs/?a=1&b=%20', '/docs/'],
  ])('leads from %s to the folder', async (path, location) => {
    const response = await ask(serving(), path, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([301, location]);
  });

  test('leads to its own slash, and never to another host', async () => {
    await using folder = await TempFolder.create();
    await mkdir(folder.at('http:'));
    await mkdir(folder.at('%2F'));
    for (const name of ['.', 'http:', '%2F']) await folder.write(`${name}/index.html`, 'x');
    const { server } = portless((app) => app.files('/assets', folder.path));
    for (const [path, location] of [
      ['/assets', './assets/'],
      ['/assets/http:', './http:/'],
      ['/assets/%252F', './%252F/'],
    ] as const) {
      const response = await ask(server, path, { redirect: 'manual' });
      expect([response.status, response.headers.get('location')]).toEqual([301, location]);
      expect(await read(server, `${path}/`)).toBe('x');
    }
  });

  test('has no index where it is not wanted, or another one', async () => {
    expect(await read(serving({ index: false }), '/')).toBe(404);
    expect(await read(serving({ index: false }), '/docs')).toBe(404);
    expect(await read(serving({ index: 'a.txt' }), '/')).toBe('a');
  });

  test('says what caches may do', async () => {
    const cacheOf = async (options: FilesOptions, path: string): Promise<string | null> =>
      (await ask(serving(options), path)).headers.get('cache-control');
    expect(await cacheOf({}, '/a.txt')).toBe('no-cache');
    expect(await cacheOf({ maxAgeSeconds: 60 }, '/a.txt')).toBe('public, max-age=60');
    expect(await cacheOf({ maxAgeSeconds: 0 }, '/a.txt')).toBe('public, max-age=0');
    const hashed = { maxAgeSeconds: 60, immutable: /-[0-9a-f]{8}\.js$/g };
    for (let count = 0; count < 2; count++)
      expect(await cacheOf(hashed, '/app-0a1b2c3d.js')).toBe('public, max-age=31536000, immutable');
    expect(await cacheOf(hashed, '/a.txt')).toBe('public, max-age=60');
  });

  test('answers conditional requests and parts', async () => {
    const server = serving();
    const etag = (await ask(server, '/a.txt')).headers.get('etag') ?? '';
    expect((await ask(server, '/a.txt', { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await ask(server, '/big.txt', { headers: { range: 'bytes=1-1' } })).status).toBe(206);
    expect((await ask(server, '/big.txt', { headers: { range: 'bytes=9-' } })).status).toBe(416);
  });

  test('sends what is compressed beside a file to who takes it', async () => {
    const server = serving({ precompressed: true });
    const response = await ask(server, '/big.txt', { headers: { 'accept-encoding': 'br' } });
    expect([response.headers.get('content-encoding'), response.headers.get('vary')]).toEqual(['br', 'Accept-Encoding']);
    expect(await read(server, '/big.txt')).toBe('big');
    expect(await read(serving(), '/big.txt', { headers: { 'accept-encoding': 'br' } })).toBe('big');
  });

  test('shows hidden files and follows links where it is told to', async () => {
    expect(await read(serving({ dotfiles: true }), '/.env')).toBe('secret');
    expect(await read(serving({ symlinks: 'follow' }), '/out.txt')).toBe('OUT');
  });

  test.each(['POST', 'PUT', 'DELETE', 'PROPFIND'])('refuses %s at a file, and nowhere else', async (method) => {
    const server = serving();
    const response = await ask(server, '/a.txt', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await ask(server, '/docs', { method })).status).toBe(405);
    expect((await ask(server, '/api/nope', { method })).status).toBe(404);
  });

  test('joins what it takes with what the routes take', async () => {
    const server = serving({}, (app) => app.post('/a.txt', () => 'posted'));
    expect(await read(server, '/a.txt')).toBe('a');
    expect(await read(server, '/a.txt', { method: 'POST' })).toBe('posted');
    for (const [method, status] of [
      ['PUT', 405],
      ['OPTIONS', 204],
    ] as const) {
      const response = await ask(server, '/a.txt', { method });
      expect([response.status, response.headers.get('allow')]).toEqual([status, 'GET, HEAD, OPTIONS, POST']);
    }
    expect((await ask(server, '/nowhere', { method: 'OPTIONS' })).status).toBe(404);
  });

  test('has its own middleware and limit, beside those of its router', async () => {
    const passed: string[] = [];
    const server = serving(
      {
        use: [async (_request, next) => (await next()).header('x-own', 'yes')],
        rateLimit: { max: 1, windowSeconds: 60 },
      },
      (app) =>
        app
          .use((each, next) => {
            passed.push(each.path);
            return next();
          })
          .setHeader('x-default', 'yes'),
    );
    const first = await ask(server, '/a.txt');
    expect([first.headers.get('x-own'), first.headers.get('x-default')]).toEqual(['yes', 'yes']);
    expect((await ask(server, '/a.txt')).status).toBe(429);
    expect((await ask(server, '/nothing')).status).toBe(404);
    expect(passed).toEqual(['/a.txt', '/nothing']);
  });

  test('of a mounted router stands behind its prefix, with its error handlers and interceptors', async () => {
    const { server } = portless((app) =>
      app
        .mount(
          '/:tenant',
          new Router().files('/files', root).onResponse((response) => void response.header('x-inner', 'yes')),
        )
        .get('/', () => 'x'),
    );
    const response = await server.fetch('/acme/files/a.txt');
    expect([await response.text(), response.headers.get('x-inner')]).toEqual(['a', 'yes']);
    expect(server.routes().at(-1)).toEqual({
      kind: 'files',
      method: 'GET',
      pattern: '/:tenant/files{/*path}',
      options: {},
    });
    expect(await read(server, '/acme/a.txt')).toBe(404);
  });

  test('may be given by a URL', async () => {
    const { server } = portless((app) => app.files('/', pathToFileURL(root)));
    expect(await read(server, '/a.txt')).toBe('a');
  });

  test('may change while it is served', async () => {
    await using folder = await TempFolder.create();
    const { server, log } = portless((app) => app.files('/', folder.path));
    expect(await read(server, '/new.txt')).toBe(404);
    await folder.write('new.txt', 'one');
    expect(await read(server, '/new.txt')).toBe('one');
    await folder.write('next.txt', 'two');
    await rename(folder.at('next.txt'), folder.at('new.txt'));
    expect(await read(server, '/new.txt')).toBe('two');
    await rm(folder.at('new.txt'));
    await mkdir(folder.at('new.txt'));
    expect(await read(server, '/new.txt')).toBe(404);
    await rm(folder.path, { recursive: true });
    expect(await read(server, '/new.txt')).toBe(404);
    expect(log.at('error')).toEqual([]);
  });
});

describe('the page of an app that routes by itself', () => {
  const server = (): HttpServer => serving({ fallback: 'index.html' }, (app) => app.post('/login', () => 'in'));

  test('is for paths without a route or a file, for who asks for a page', async () => {
    for (const path of ['/users/7', '/login', '/docs/nothing', '/a/b/c/'])
      expect(await read(server(), path, PAGE)).toBe('<h1>Home</h1>');
    const response = await ask(server(), '/users/7', PAGE);
    expect([response.headers.get('cache-control'), response.headers.get('vary')]).toEqual(['no-cache', 'Accept']);
    expect((await ask(server(), '/users/7', { ...PAGE, method: 'HEAD' })).status).toBe(200);
  });

  test.each<[string, RequestInit]>([
    ['a script', { headers: { accept: '*/*' } }],
    ['nobody who says what', {}],
    ['an image', { headers: { accept: 'image/avif,image/*,*/*;q=0.8' } }],
    ['who wants JSON', { headers: { accept: 'application/json' } }],
    ['another method', { ...PAGE, method: 'POST' }],
  ])('is not for %s', async (_who, init) => {
    expect(await read(server(), '/api/nope', init)).toBe(404);
  });

  test('leaves files and routes as they are', async () => {
    expect(await read(server(), '/a.txt', PAGE)).toBe('a');
    expect((await ask(server(), '/docs', { ...PAGE, redirect: 'manual' })).status).toBe(301);
    expect(await read(server(), '/login', { ...PAGE, method: 'POST' })).toBe('in');
  });

  test('is 404 where it has gone', async () => {
    await using folder = await TempFolder.create();
    await folder.write('page.html', 'x');
    const { server: own } = portless((app) => app.files('/', folder.path, { fallback: 'page.html' }));
    expect(await read(own, '/users/7', PAGE)).toBe('x');
    await rm(folder.at('page.html'));
    expect(await read(own, '/users/7', PAGE)).toBe(404);
  });
});

describe('on a port a folder', () => {
  test('answers GET, HEAD and others, pipelined, and closes what it opens', async () => {
    const finished: FinishedExchange[] = [];
    await using open = await openServer((app) =>
      app
        .files('/', root, { rateLimit: { max: 3, windowSeconds: 60 } })
        .onFinish((exchange) => void finished.push(exchange)),
    );
    await using client = await RawClient.open(open.port);
    client.send(
      [
        get('/a.txt'),
        request('HEAD', '/a.txt'),
        get('/nothing'),
        get('/docs/'),
        request('POST', '/a.txt', [], 'body'),
        get('/a.txt'),
      ].join(''),
    );
    const answers = await client.responses(6, [1]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 200, 405, 429]);
    await expect
      .poll(() => finished.map(({ route }) => route))
      .toEqual(['{/*path}', '{/*path}', undefined, '{/*path}', undefined, '{/*path}']);
    await expect.poll(() => openFilesUnder(root)).toEqual([]);
  });

  test('closes what it has opened for a middleware that answers by itself, and for a client that leaves', async () => {
    await using open = await openServer((app) =>
      app.files('/', root, { use: [() => HttpResponse.text('mine')] }).files('/docs', root),
    );
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/a.txt')).response()).body).toBe('mine');
    const gone = await RawClient.open(open.port);
    gone.send(get('/docs/a.txt'));
    gone.reset();
    await expect.poll(() => openFilesUnder(root)).toEqual([]);
  });
});

describe('files refuses', () => {
  test.each<[string, readonly unknown[], string]>([
    ['no prefix', [undefined, '.'], 'files needs a prefix'],
    ['a prefix without a slash', ['assets', '.'], 'files needs a prefix'],
    ['a pattern', ['/:name', '.'], 'files needs a prefix'],
    ['no folder', ['/assets'], 'needs the path of a folder'],
    ['a folder that is not there', ['/assets', './no/such/folder'], 'needs a folder that is there'],
    ['a file', ['/assets', new URL(import.meta.url)], 'needs a folder that is there'],
    [
      'an unknown option',
      ['/', '.', { maxAge: 1 }],
      `files('/', '.') has no option "maxAge"; it has index, fallback, maxAgeSeconds, immutable, precompressed, dotfiles, symlinks, use, rateLimit.`,
    ],
    ['an index that leads elsewhere', ['/', '.', { index: '../a' }], 'The option index'],
    ['a fallback that leads elsewhere', ['/', '.', { fallback: '../a' }], 'The option fallback'],
    ['a fallback that is not there', ['/', '.', { fallback: 'nope.html' }], 'The option fallback'],
    ['a fallback that is hidden', ['/', '.', { fallback: '.env' }], 'The option fallback'],
    ['a negative age', ['/', '.', { maxAgeSeconds: -1 }], 'The option maxAgeSeconds'],
    ['an immutable that is no RegExp', ['/', '.', { immutable: 'hash' }], 'The option immutable'],
    ['a limit that is none', ['/', '.', { rateLimit: { max: 0, windowSeconds: 1 } }], 'rate limit'],
    ['more', ['/', '.', {}, 'x'], 'and nothing behind them'],
  ])('%s', (_what, args, message) => {
    expect(() => new Router().files(...(args as Parameters<Router['files']>))).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expect.stringContaining(message) as string }),
    );
  });

  test('the same prefix twice', () => {
    expect(() => new Router().files('/a', '.').files('/a/', '.')).toThrow(ConfigError);
    expect(() => new Router().files('/', '.').mount('/', new Router().files('/', '.'))).toThrow(ConfigError);
  });
});
