import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AbortedError, HttpError, type HttpRequest, HttpResponse, type HttpServer } from 'portlight';
import { z } from 'zod';
import type { Journal } from './journal.ts';
import { STREAMS } from './streams.ts';

/** Bodies that are there at once, by name. */
const REPLIES: Readonly<Record<string, () => unknown>> = {
  text: () => 'Hello',
  'text-empty': () => '',
  'text-long': () => 'x'.repeat(100_000),
  'text-2-bytes': () => 'Grüße',
  'text-latin1-alike': () => 'Ã¼',
  'text-3-bytes': () => '日本語',
  'text-emoji': () => '👋🏽 hello',
  'text-half-a-pair': () => 'a\ud83db',
  'text-long-emoji': () => '👋'.repeat(30_000),
  'text-crlf': () => '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  'bytes-0': () => new Uint8Array(0),
  'bytes-1': () => new Uint8Array([255]),
  'bytes-100k': () => new Uint8Array(102_400).fill(7),
  'bytes-5m': () => new Uint8Array(5_242_880).map((_, index) => index),
  'bytes-buffer': () => Buffer.from('buffer'),
  'bytes-part-of-buffer': () => new Uint8Array(Buffer.from('0123456789')).subarray(2, 5),
  'array-buffer': () => new Uint8Array([1, 2, 3]).buffer,
  blob: () => new Blob(['blob'], { type: 'text/x-blob' }),
  json: () => ({ a: [1, 'ü', null, { b: true }] }),
  'json-null': () => null,
  'json-zero': () => 0,
  'json-false': () => false,
  'json-empty-array': () => [],
  nothing: () => undefined,
  promise: () => Promise.resolve('later'),
  response: () => new HttpResponse('made', { status: 201, headers: { location: '/made' } }),
  'response-empty': () => new HttpResponse(),
  'response-problem': () => HttpResponse.problem(409, 'Taken.', { code: 'TAKEN' }),
  'response-html': () => HttpResponse.html('<p>ü</p>'),
  'response-raw': () => HttpResponse.raw('HTTP/1.1 201 Created\r\nX-Raw: yes\r\nContent-Length: 3\r\n\r\nraw'),
  standard: () => new Response('standard', { status: 202, headers: { 'x-from': 'standard' } }),
  'standard-empty': () => new Response(null, { status: 204 }),
  'nonsense-body': () => Object.assign(new HttpResponse('x'), { body: 42 }),
  'nonsense-object': () => Object.assign(new HttpResponse('x'), { body: {} }),
  'nonsense-undefined': () => Object.assign(new HttpResponse('x'), { body: undefined }),
  function: () => () => 'x',
  bigint: () => 1n,
  'latin1-field': () => new HttpResponse('x', { headers: { 'x-latin1': 'Gr\xfc\xdfe \xa0\xff' } }),
  'repeated-fields': () =>
    new HttpResponse('x', { headers: { 'x-two': ['one', 'two'], 'x-number': 7, vary: ['a', 'b'] } }),
  cookies: () => new HttpResponse('x').cookie('a', 'b c').cookie('d', 'ü', { httpOnly: true, path: '/', maxAge: 60 }),
  'bad-field': () => new HttpResponse('x').header('x-bad', 'a\r\nb: c'),
  'emoji-field': () => new HttpResponse('x').header('x-bad', '👋'),
  'empty-field': () => new HttpResponse('x').header('x-empty', ''),
  'own-date': () => new HttpResponse('x').header('date', 'Thu, 01 Jan 1970 00:00:00 GMT'),
  'own-length': () => new HttpResponse('four').header('content-length', 9),
  'own-coding': () => new HttpResponse('four').header('transfer-encoding', 'chunked'),
  'own-keep-alive': () => new HttpResponse('four').header('keep-alive', 'timeout=1').header('connection', 'keep-alive'),
  'own-upgrade': () => new HttpResponse('four').header('connection', 'upgrade').header('upgrade', 'h2c'),
  'own-trailer': () => new HttpResponse('four').header('trailer', 'x-t'),
  'own-connection-list': () => new HttpResponse('four').header('connection', 'close, x-y'),
  'own-close': () => new HttpResponse('bye').header('connection', 'close'),
  'own-close-upper-case': () => new HttpResponse('bye').header('Connection', 'CLOSE'),
  'own-close-empty': () => new HttpResponse(null, { status: 204, headers: { connection: 'close' } }),
  'own-close-bytes': () => new HttpResponse(new Uint8Array(300_000), { headers: { connection: 'close' } }),
  redirect: () => HttpResponse.redirect('/there', 303),
  'redirect-refused': () => HttpResponse.redirect('//evil'),
  throw: () => {
    throw new Error('secret');
  },
  'throw-text': () => {
    // oxlint-disable-next-line typescript/only-throw-error -- what an app may do
    throw 'text';
  },
  'throw-http-error': () => {
    throw new HttpError(418, 'Tea.', { headers: { 'x-tea': 'green' } });
  },
  'throw-abort': () => {
    throw new AbortedError('Gone.', 'ERR_PORTLIGHT_CLIENT_GONE');
  },
  reject: () => Promise.reject(new Error('secret')),
  'reject-http-error': () =>
    Promise.reject(new HttpError(503, 'Later.', { expose: true, headers: { 'retry-after': '1' } })),
};

/** What a handler may do with the body of a request. */
const READERS: Readonly<Record<string, (request: HttpRequest) => unknown>> = {
  bytes: async (request) => Buffer.from(await request.bytes()).toString('latin1'),
  text: (request) => request.text(),
  json: (request) => request.json(),
  form: async (request) =>
    [...(await request.formData())].map(([name, value]) => [
      name,
      typeof value === 'string' ? value : `${value.name} ${value.size}`,
    ]),
  stream: async (request) => latin1Of(request.stream() as AsyncIterable<Uint8Array>),
  twice: async (request) => [await request.text(), await request.text()],
  late: async (request) => {
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    return request.text();
  },
  cancel: async (request) => {
    await request.stream().cancel();
    return 'cancelled';
  },
  not: () => 'unread',
};

/** Everything that can be asked of a server, each part under a path of its own. */
export function register(server: HttpServer, journal: Journal, files: string): void {
  const noted =
    (handler: (request: HttpRequest) => unknown) =>
    (request: unknown): unknown => {
      journal.note(request as HttpRequest);
      return handler(request as HttpRequest);
    };
  server
    .setHeader('x-server', 'yes')
    .get('/probe', () => 'probe')
    .get(
      '/',
      noted(() => 'Hello'),
    )
    .all(
      '/any',
      noted((request) => request.method),
    )
    .route(
      'GET|POST',
      '/two-methods',
      noted((request) => request.method),
    )
    .route(
      'PROPFIND',
      '/find',
      noted(() => 'found'),
    )
    .head(
      '/own-head',
      noted(() => new HttpResponse('not sent', { headers: { 'x-own': 'head' } })),
    )
    .options(
      '/own-options',
      noted(() => 'options'),
    )
    .get(
      '/items/:id',
      noted((request) => request.params),
    )
    .get(
      '/tree/*path',
      noted((request) => request.params),
    )
    .all(
      '/reply/:name',
      noted((request) => (REPLIES[nameOf(request)] as () => unknown)()),
    )
    .get(
      '/status/:code',
      noted((request) => new HttpResponse('text', { status: Number(codeOf(request)) })),
    )
    .get(
      '/empty/:code',
      noted((request) => new HttpResponse(null, { status: Number(codeOf(request)) })),
    )
    .get(
      '/stream/:name',
      noted((request) => STREAMS[nameOf(request)]?.()),
    )
    .get(
      '/file/*path',
      noted((request) =>
        HttpResponse.file((request.params as { path: string[] }).path, { root: files, precompressed: true }),
      ),
    )
    .get(
      '/file-404',
      noted(() => HttpResponse.file(join(files, 'page.txt'), { status: 404 })),
    )
    .all(
      '/read/:name',
      noted(async (request) => {
        const body = await READERS[nameOf(request)]?.(request);
        journal.note(request, body);
        return { body };
      }),
    )
    .post(
      '/read-little',
      { maxBodyBytes: 4 },
      noted((request) => request.text()),
    )
    .get(
      '/turns/:count',
      noted((request) => waitTurns(request)),
    )
    .post(
      '/turns/:count',
      noted((request) => waitTurns(request)),
    )
    .get(
      '/until-abort',
      noted(async ({ signal }) => {
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return `aborted: ${(signal.reason as { code: string }).code}`;
      }),
    )
    .get(
      '/limited',
      { handlerTimeoutMs: 20 },
      noted(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('too late')))),
    )
    .post(
      '/checked/:id',
      {
        params: z.object({ id: z.coerce.number() }),
        query: z.object({ q: z.string().optional() }),
        headers: z.object({ 'x-need': z.string().optional() }).loose(),
        body: z.object({ name: z.string(), age: z.number().default(3) }),
      },
      (request) => {
        journal.note(request, request.body);
        return { id: request.params.id, name: request.body.name };
      },
    )
    .get('/checked-reply', { response: z.object({ a: z.number() }) }, () => ({ a: 1, b: 2 }))
    .get('/checked-reply-bad', { response: z.object({ a: z.number() }) }, () => ({ a: 'x' }) as never)
    .group('/wrapped', (group) =>
      group
        .use(async (request, next) => {
          request.state['user'] = 'u';
          return (await next()).header('x-wrapped', 'yes');
        })
        .onResponse((response) => (response.status === 200 ? `${response.toString()}!` : undefined))
        .onResponse(async (response) => void response.header('x-late', 'ü'))
        .error(404, () => 'Nothing here.')
        .error('5xx', (error) => ({ error: error.status }))
        .get(
          '/',
          noted((request) => String(request.state['user'])),
        )
        .get(
          '/throw',
          noted(() => {
            throw new Error('secret');
          }),
        )
        .get(
          '/stream',
          noted(() => Readable.from(['a', 'b'])),
        )
        .get(
          '/missing',
          noted(() => {
            throw new HttpError(404, 'Missing.');
          }),
        ),
    )
    .group('/bad-interceptor', (group) =>
      group
        .onResponse(() => {
          throw new Error('secret');
        })
        .onResponse((response) => void Object.assign(response, { body: 7 }))
        .get('/', () => 'x'),
    );
}

/** The same behind middleware and an interceptor, so that nothing is answered at once and refusals are seen as well. */
export function registerWatched(server: HttpServer, journal: Journal, files: string): void {
  server
    .use(async (request, next) => {
      if (request.path !== '/probe') journal.note(request);
      await Promise.resolve();
      return (await next()).header('x-seen', encodeURIComponent(`${request.method} ${request.path}`));
    })
    .onResponse((_response, request) => {
      if (request !== undefined && request.path !== '/probe') journal.note(request);
    });
  register(server, journal, files);
}

/** The same, where every answer comes after all that the client sent was read, and the end of its side. */
export function registerWaiting(server: HttpServer, journal: Journal, files: string): void {
  server.onResponse(async () => {
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
  });
  register(server, journal, files);
}

function nameOf(request: HttpRequest): string {
  return (request.params as { name: string }).name;
}

function codeOf(request: HttpRequest): string {
  return (request.params as { code: string }).code;
}

async function waitTurns(request: HttpRequest): Promise<string> {
  const { count } = request.params as { count: string };
  for (let turns = 0; turns < Number(count); turns++) await new Promise((resolve) => setImmediate(resolve));
  return `after ${count}`;
}

async function latin1Of(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += Buffer.from(chunk).toString('latin1');
  return text;
}
