import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import { HttpResponse, type TrailerFields, type TrailerValue } from '../../src/index.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

const CHUNKED =
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n';

describe('the trailers of a request', () => {
  test('are there once the body was read, and not before', async () => {
    await using open = await openServer((app) =>
      app.post('/', async (request) => {
        const before = [...request.trailers];
        await request.text();
        return { before, after: [...request.trailers] };
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(`${CHUNKED}X-Sum: 7\r\nx-sum: 8\r\n\r\n`);
    expect(JSON.parse((await client.response()).body)).toEqual({ before: [], after: [['x-sum', '7, 8']] });
  });

  test('are no part of the headers, whatever they are called', async () => {
    await using open = await openServer((app) =>
      app.post('/', async (request) => {
        await request.text();
        return { host: request.header('host'), authorization: request.headers.get('authorization') };
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(`${CHUNKED}Host: evil\r\nAuthorization: Basic x\r\n\r\n`);
    expect(JSON.parse((await client.response()).body)).toEqual({ host: 'x', authorization: null });
  });

  test('cannot change how long the body is', async () => {
    await using open = await openServer((app) => app.post('/', (request) => request.text()));
    await using client = await RawClient.open(open.port);
    client.send(`${CHUNKED}Content-Length: 1\r\n\r\n`);
    expect((await client.response()).status).toBe(400);
  });
});

const ASKS = ['te: trailers', 'connection: close'];

function* words(): Generator<string> {
  yield 'one';
  yield 'two';
}

/** They are on their way before it ends. */
async function* lateWords(): AsyncGenerator<string> {
  yield* words();
  await new Promise(setImmediate);
}

/** What a client gets of a response with trailers. */
async function receive(
  trailers: TrailerFields,
  fields: readonly string[] = ASKS,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  await using open = await openServer((app) => app.get('/', () => HttpResponse.stream(words(), { trailers, headers })));
  await using client = await RawClient.open(open.port);
  client.send(get('/', ...fields));
  return await client.ended();
}

/**
 * The body of an answer in chunks, whose sizes are Node's affair on its lane, and what stands behind the last one;
 * `undefined` where that did not come.
 */
function readChunks(text: string): { readonly body: string; readonly behind: string | undefined } {
  let rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const size = /^([\da-f]+)\r\n/.exec(rest);
    if (size === null) return { body, behind: rest === '' ? undefined : rest };
    const [line, digits = ''] = size;
    const bytes = parseInt(digits, 16);
    if (bytes === 0) return { body, behind: rest.slice(line.length) };
    body += rest.slice(line.length, line.length + bytes);
    rest = rest.slice(line.length + bytes + 2);
  }
}

describe('the trailers of a response', () => {
  test('are named before the body, and follow it', async () => {
    const text = await receive({
      'X-Sum': () => 7,
      'x-late': async () => 'yes',
      'x-many': ['a', 'b'],
      'x-none': undefined,
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*\r\ntrailer: x-sum, x-late, x-many, x-none\r\n[^]*\r\n\r\n/);
    expect(readChunks(text)).toEqual({
      body: 'onetwo',
      behind: 'x-sum: 7\r\nx-late: yes\r\nx-many: a\r\nx-many: b\r\n\r\n',
    });
  });

  test.each(['te: trailers, deflate;q=0.5', 'TE: deflate ,\tTrailers', 'te: gzip\r\nte: trailers'])(
    'go to a client that says %j',
    async (field) => {
      expect(await receive({ 'x-sum': '7' }, [field, 'connection: close'])).toMatch(/\r\nx-sum: 7\r\n\r\n$/);
    },
  );

  test.each([[[]], [['te: gzip']], [['te: no-trailers']], [['te: trailers;q=0']]])(
    'go to nobody that says %j, and no function is called',
    async (fields) => {
      const called: string[] = [];
      const text = await receive({ 'x-sum': () => void called.push('sum') }, [...fields, 'connection: close']);
      expect(readChunks(text)).toEqual({ body: 'onetwo', behind: '\r\n' });
      expect(text).not.toMatch(/trailer:/i);
      expect(called).toEqual([]);
    },
  );

  test('are not sent over HTTP/1.0, nor behind a response without a body', async () => {
    await using open = await openServer((app) =>
      app.get('/', () => HttpResponse.stream(words(), { trailers: { 'x-sum': '7' } })),
    );
    await using old = await RawClient.open(open.port);
    old.send('GET / HTTP/1.0\r\nte: trailers\r\n\r\n');
    expect(await old.ended()).toMatch(/\r\n\r\nonetwo$/);
    await using head = await RawClient.open(open.port);
    head.send('HEAD / HTTP/1.1\r\nhost: x\r\nte: trailers\r\nconnection: close\r\n\r\n');
    expect(await head.ended()).not.toMatch(/trailer|x-sum/i);
  });

  test('take the place of a length', async () => {
    expect(await receive({ 'x-sum': '7' }, ASKS, { 'content-length': '6' })).not.toMatch(/content-length/i);
    expect(await receive({ 'x-sum': '7' }, ['connection: close'], { 'content-length': '6' })).toMatch(
      /content-length: 6\r\n[^]*\r\n\r\nonetwo$/,
    );
  });

  test('belong to their body: another one in its place has none', async () => {
    await using open = await openServer((app) =>
      app
        .get('/:how', () => HttpResponse.stream(words(), { trailers: { 'x-sum': '7' } }))
        .onResponse((response, request) => {
          if (request?.path === '/text') return 'text';
          if (request?.path === '/wrapped') response.body = HttpResponse.stream(response.body as ReadableStream).body;
          return undefined;
        }),
    );
    for (const [path, has] of [
      ['/text', false],
      ['/wrapped', false],
      ['/same', true],
    ] as const) {
      await using client = await RawClient.open(open.port);
      client.send(get(path, ...ASKS));
      expect(/x-sum: 7/.test(await client.ended())).toBe(has);
    }
  });

  test('are asked for in the context of the handler, after the last chunk', async () => {
    const store = new AsyncLocalStorage<string>();
    let sent = '';
    await using open = await openServer((app) =>
      app.get('/', () =>
        store.run('mine', () =>
          HttpResponse.stream(
            (function* () {
              for (const word of words()) {
                sent += word;
                yield word;
              }
            })(),
            { trailers: { 'x-seen': () => `${sent} ${store.getStore()}` } },
          ),
        ),
      ),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/', ...ASKS));
    // A body runs in the context of its request, not in one that the handler opened around it.
    expect(await client.ended()).toMatch(/x-seen: onetwo undefined\r\n\r\n$/);
  });

  test.each<[string, () => TrailerValue]>([
    [
      'a function that throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['a promise that rejects', () => Promise.reject(new Error('secret')) as never],
    ['a value that no field may have', () => 'a\r\nset-cookie: b'],
    ['a value of another type', () => ({}) as never],
  ])('cut the connection and are reported where there is %s', async (_what, value) => {
    await using open = await openServer((app) =>
      app.get('/', () => HttpResponse.stream(lateWords(), { trailers: { 'x-sum': value as TrailerValue } })),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/', 'te: trailers'));
    expect(readChunks(await client.ended())).toEqual({ body: 'onetwo', behind: undefined });
    expect(open.log.at('error').map(({ message }) => message)).toEqual(['A response could not be sent.']);
  });

  test('keep a connection, whose next request is answered', async () => {
    await using open = await openServer((app) =>
      app.get('/', () => HttpResponse.stream(words(), { trailers: { 'x-sum': '7' } })),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/', 'te: trailers') + get('/', 'te: trailers'));
    await client.until(() => client.received.match(/x-sum: 7\r\n\r\n/g)?.length === 2, 'two answers');
  });

  test.each([
    'Content-Length',
    'transfer-encoding',
    'Trailer',
    'Set-Cookie',
    'content-type',
    'authorization',
    'host',
    'cache-control',
    'a b',
    '',
  ])('are refused when they are named %j', (name) => {
    expect(() => HttpResponse.stream(words(), { trailers: { [name]: 'x' } })).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_HEADER' }),
    );
  });

  test.each<[string, unknown]>([
    ['a list', ['x-sum']],
    ['text', 'x-sum: 7'],
    ['a promise', Promise.resolve({})],
    ['null', null],
  ])('are refused when they are %s', (_what, trailers) => {
    expect(() => HttpResponse.stream(words(), { trailers: trailers as TrailerFields })).toThrow(
      'The trailers of a response are a record',
    );
  });

  test('are refused with what is no stream, and in another response', () => {
    const trailers = { 'x-sum': '7' };
    expect(() => HttpResponse.stream('text' as never, { trailers })).toThrow('Trailers follow a stream');
    expect(() => new HttpResponse(words(), { trailers } as never)).toThrow('no option "trailers"');
    expect(() => HttpResponse.stream(words(), { trailers: { 'x-sum': 'a\nb' } })).toThrow('U+000A');
  });
});
