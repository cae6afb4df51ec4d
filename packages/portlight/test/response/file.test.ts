import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpResponse, type HttpServer, NotFoundError } from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';
import { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
const file = (name: string, options: Parameters<typeof HttpResponse.file>[1] = {}): HttpResponse =>
  HttpResponse.file(name, { root: temp.path, ...options });

beforeAll(async () => {
  temp = await TempFolder.create();
  for (const name of ['a.html', 'a.txt', 'a', 'a.unknown', 'a "ü €".txt']) await temp.write(name, `text of ${name}`);
  await temp.write('empty.txt', '');
});

afterAll(() => temp[Symbol.asyncDispose]());

describe('a file as a response', () => {
  test.each([
    ['a.html', 'text/html; charset=utf-8'],
    ['a.txt', 'text/plain; charset=utf-8'],
    ['a', 'application/octet-stream'],
    ['a.unknown', 'application/octet-stream'],
  ])('%s has the type %s', async (name, type) => {
    const { server } = portless((app) => app.get('/', () => file(name)));
    const response = await server.fetch('/');
    expect([response.headers.get('content-type'), await response.text()]).toEqual([type, `text of ${name}`]);
  });

  test('has the type that the option mimeTypes says, in error handlers and behind middleware as well', async () => {
    const { server } = portless((app) => app.get('/', () => file('a.unknown')).error(404, () => file('a.unknown')), {
      mimeTypes: { Unknown: 'text/x-unknown' },
    });
    for (const path of ['/', '/nowhere']) {
      const response = await server.fetch(path);
      await response.text();
      expect(response.headers.get('content-type')).toBe('text/x-unknown; charset=utf-8');
    }
  });

  test('has on the wire the type that the option mimeTypes says, and keeps that of the app', async () => {
    const headers = { 'content-type': 'text/x-own' };
    const app = (server: HttpServer): HttpServer =>
      server.get('/', () => file('a.html')).get('/own', () => file('a.html', { headers }));
    await using open = await openServer(app, { mimeTypes: { html: 'text/x-html; charset=ascii' } });
    await using client = await RawClient.open(open.port);
    const [first, second] = await client.send(get('/') + get('/own')).responses(2);
    expect([first?.headers.get('content-type'), second?.headers.get('content-type')]).toEqual([
      'text/x-html; charset=ascii',
      'text/x-own',
    ]);
  });

  test('keeps what the app said of it', async () => {
    const headers = {
      'content-type': 'text/x-own',
      etag: '"own"',
      'cache-control': 'no-store',
      'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
    };
    const { server } = portless((app) => app.get('/', () => file('a.html', { headers })));
    const response = await server.fetch('/');
    await response.text();
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
  });

  test('to HEAD has the fields of GET and no body', async () => {
    await using open = await openServer((app) => app.get('/', () => file('a.txt')));
    await using client = await RawClient.open(open.port);
    const [whole, head, next] = await client
      .send(get('/') + get('/').replace('GET', 'HEAD') + get('/'))
      .responses(3, [1]);
    const fields = (headers: ReadonlyMap<string, string> | undefined): unknown[] =>
      [...(headers ?? [])].filter(([name]) => name !== 'date');
    expect(fields(head?.headers)).toEqual(fields(whole?.headers));
    expect([head?.body, head?.headers.get('content-length'), next?.body]).toEqual(['', '13', 'text of a.txt']);
  });

  test('of no bytes has the length 0 and keeps the connection', async () => {
    await using open = await openServer((app) => app.get('/', () => file('empty.txt')));
    await using client = await RawClient.open(open.port);
    const responses = await client.send(get('/') + get('/')).responses(2);
    expect(responses.map(({ status, body, headers }) => [status, body, headers.get('content-length')])).toEqual([
      [200, '', '0'],
      [200, '', '0'],
    ]);
  });

  test('can be made once and sent often', async () => {
    const made = file('a.txt');
    const { server } = portless((app) => app.get('/', () => made));
    const texts: string[] = [];
    for (let round = 0; round < 3; round++) texts.push(await (await server.fetch('/')).text());
    expect(texts).toEqual(['text of a.txt', 'text of a.txt', 'text of a.txt']);
  });
});

describe('a file with a status of its own', () => {
  const ranged = { range: 'bytes=0-1', 'if-none-match': '*', 'if-match': '"x"' };

  test('is sent whole, whatever the request asks', async () => {
    const { server } = portless((app) => app.get('/', () => file('a.html', { status: 203 })));
    const response = await server.fetch('/', { headers: ranged });
    expect([response.status, await response.text()]).toEqual([203, 'text of a.html']);
  });

  test('is the page for an error', async () => {
    const { server, log } = portless((app) =>
      app
        .error(404, () => file('a.html'))
        .error('5xx', () => file('a.txt'))
        .get('/fails', () => {
          throw new Error('failed');
        }),
    );
    for (const headers of [{}, ranged]) {
      const missing = await server.fetch('/none', { headers });
      expect([missing.status, missing.headers.get('content-type'), await missing.text()]).toEqual([
        404,
        'text/html; charset=utf-8',
        'text of a.html',
      ]);
    }
    const failed = await server.fetch('/fails', { headers: ranged });
    expect([failed.status, await failed.text()]).toEqual([500, 'text of a.txt']);
    expect(log.at('error')).toHaveLength(1);
  });

  test('is the page for what is no request at all', async () => {
    await using open = await openServer((app) => app.error(400, () => file('a.html')));
    await using client = await RawClient.open(open.port);
    const { status, body, headers } = await client.send('nonsense\r\n\r\n').response();
    expect([status, body, headers.get('content-type')]).toEqual([400, 'text of a.html', 'text/html; charset=utf-8']);
  });

  test('that is missing where an error is answered is 500, once', async () => {
    const { server, log } = portless((app) => app.error(404, () => file('none')));
    expect((await server.fetch('/none')).status).toBe(500);
    expect(log.at('error')).toHaveLength(1);
  });
});

describe('a file that others than handlers return', () => {
  test('comes from middleware, before or in place of the handler', async () => {
    const { server } = portless((app) =>
      app
        .use('/before', () => file('a.txt'))
        .use('/after', async (_request, next) => {
          await next();
          return file('a.html');
        })
        .get('/after', () => file('a.txt')),
    );
    expect(await (await server.fetch('/before')).text()).toBe('text of a.txt');
    expect(await (await server.fetch('/after')).text()).toBe('text of a.html');
  });

  test('comes from middleware that falls back on it', async () => {
    const { server } = portless((app) =>
      app.use(async (_request, next) => {
        const response = await next();
        return response.status === 404 ? file('a.html', { status: 200 }) : response;
      }),
    );
    const response = await server.fetch('/none');
    expect([response.status, await response.text()]).toEqual([200, 'text of a.html']);
  });

  test('comes from an interceptor, in place of another file', async () => {
    const { server, log } = portless((app) => app.get('/', () => file('a.txt')).onResponse(() => file('a.html')));
    const response = await server.fetch('/');
    expect([await response.text(), response.headers.get('content-type'), log.at('error')]).toEqual([
      'text of a.html',
      'text/html; charset=utf-8',
      [],
    ]);
  });

  test('is a stream to an interceptor, that may be replaced by text', async () => {
    const { server } = portless((app) =>
      app
        .get('/', () => file('a.txt'))
        .onResponse((response) => {
          expect(() => String(response)).toThrow('stream');
          return 'other';
        }),
    );
    const response = await server.fetch('/');
    expect([await response.text(), response.headers.get('content-length')]).toEqual(['other', '5']);
  });

  test('that is missing is an error like others: its handler sees it', async () => {
    const seen: unknown[] = [];
    const { server } = portless((app) => app.get('/', () => file('none')).error(404, (error) => void seen.push(error)));
    expect((await server.fetch('/')).status).toBe(404);
    expect(seen).toEqual([expect.any(NotFoundError)]);
  });
});

describe('a file to be saved', () => {
  test.each<[string, string | boolean | undefined, string | null]>([
    ['a.txt', undefined, null],
    ['a.txt', false, null],
    ['a.txt', true, 'attachment; filename=a.txt'],
    ['a.txt', 'own name.txt', 'attachment; filename="own name.txt"'],
    ['a.txt', 'a"b\\c', String.raw`attachment; filename="a\"b\\c"`],
    ['a.txt', 'ü€.txt', 'attachment; filename="?'.concat("?.txt\"; filename*=UTF-8''%C3%BC%E2%82%AC.txt")],
    [
      'a "ü €".txt',
      true,
      String.raw`attachment; filename="a \"? ?\".txt"; filename*=UTF-8''a%20%22%C3%BC%20%E2%82%AC%22.txt`,
    ],
  ])('%s with download %j', async (name, download, field) => {
    const { server } = portless((app) => app.get('/', () => file(name, { download })));
    const response = await server.fetch('/');
    expect([response.headers.get('content-disposition'), await response.text()]).toEqual([field, `text of ${name}`]);
  });

  test('takes no line break from a name', async () => {
    const { server, log } = portless((app) => app.get('/', () => file('a.txt', { download: 'a\r\nset-cookie: x=y' })));
    const response = await server.fetch('/');
    await response.text();
    expect([response.status, response.headers.get('set-cookie'), log.at('error')]).toEqual([200, null, []]);
  });
});

test('all of these leave no file open', async () => {
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
});
