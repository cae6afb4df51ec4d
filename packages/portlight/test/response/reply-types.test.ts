import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';
const BYTES = 'application/octet-stream';

interface Row {
  readonly reply: () => unknown;
  readonly status?: number;
  readonly type: string | null;
  readonly length?: string | null;
  readonly body: string;
}

function* syncChunks(): Generator<string | Uint8Array> {
  yield 'a';
  yield Buffer.from('é');
}

async function* asyncChunks(): AsyncGenerator<string> {
  yield 'a';
  await Promise.resolve();
  yield 'b';
}

/** Every kind of reply of the contract, once. */
const ROWS: Readonly<Record<string, Row>> = {
  'a string': { reply: () => 'é', type: TEXT, length: '2', body: 'é' },
  'the empty string': { reply: () => '', type: TEXT, length: '0', body: '' },
  'a string that looks like HTML': { reply: () => '<p>', type: TEXT, length: '3', body: '<p>' },
  'a string that looks like a response': {
    reply: () => 'HTTP/1.1 200 OK\r\nx: y\r\n\r\n',
    type: TEXT,
    length: '25',
    body: 'HTTP/1.1 200 OK\r\nx: y\r\n\r\n',
  },
  'an object': { reply: () => ({ a: [1] }), type: JSON_TYPE, length: '9', body: '{"a":[1]}' },
  'an array': { reply: () => ['a'], type: JSON_TYPE, length: '5', body: '["a"]' },
  'a date': { reply: () => new Date(0), type: JSON_TYPE, length: '26', body: '"1970-01-01T00:00:00.000Z"' },
  'a number': { reply: () => 1.5, type: JSON_TYPE, length: '3', body: '1.5' },
  zero: { reply: () => 0, type: JSON_TYPE, length: '1', body: '0' },
  true: { reply: () => true, type: JSON_TYPE, length: '4', body: 'true' },
  false: { reply: () => false, type: JSON_TYPE, length: '5', body: 'false' },
  null: { reply: () => null, type: JSON_TYPE, length: '4', body: 'null' },
  undefined: { reply: () => undefined, status: 204, type: null, length: null, body: '' },
  'a Uint8Array': { reply: () => Uint8Array.of(104, 105), type: BYTES, length: '2', body: 'hi' },
  'a Buffer': { reply: () => Buffer.from('hi'), type: BYTES, length: '2', body: 'hi' },
  'an ArrayBuffer': { reply: () => Uint8Array.of(104, 105).buffer, type: BYTES, length: '2', body: 'hi' },
  'a Blob with a type': {
    reply: () => new Blob(['hi'], { type: 'text/csv' }),
    type: 'text/csv',
    length: '2',
    body: 'hi',
  },
  'a Blob without a type': { reply: () => new Blob(['hi']), type: BYTES, length: '2', body: 'hi' },
  'a web stream': { reply: () => ReadableStream.from(['a', 'b']), type: BYTES, length: null, body: 'ab' },
  'a Node Readable': {
    reply: () => Readable.from([Buffer.from('a'), Buffer.from('b')]),
    type: BYTES,
    length: null,
    body: 'ab',
  },
  'a generator': { reply: () => syncChunks(), type: BYTES, length: null, body: 'aé' },
  'an async generator': { reply: () => asyncChunks(), type: BYTES, length: null, body: 'ab' },
  'an async iterable': {
    reply: () => ({ [Symbol.asyncIterator]: asyncChunks }),
    type: BYTES,
    length: null,
    body: 'ab',
  },
  'an iterator of a list': { reply: () => ['a', 'b'].values(), type: BYTES, length: null, body: 'ab' },
  'a standard Response': {
    reply: () => new Response('x', { status: 201, headers: { 'x-a': 'b' } }),
    status: 201,
    type: 'text/plain;charset=UTF-8',
    length: null,
    body: 'x',
  },
  'a standard Response without a body': {
    reply: () => new Response(null, { status: 404 }),
    status: 404,
    type: null,
    length: '0',
    body: '',
  },
  'an HttpResponse': {
    reply: () => new HttpResponse('x', { status: 202 }),
    status: 202,
    type: TEXT,
    length: '1',
    body: 'x',
  },
  'an HttpResponse without a body': { reply: () => new HttpResponse(), type: null, length: '0', body: '' },
  'a promise': { reply: () => Promise.resolve('x'), type: TEXT, length: '1', body: 'x' },
  'a promise of undefined': { reply: () => Promise.resolve(), status: 204, type: null, length: null, body: '' },
  'a thenable': {
    reply: () => ({ then: (resolve: (value: string) => void) => resolve('x') }),
    type: TEXT,
    length: '1',
    body: 'x',
  },
};

describe('a handler may return', () => {
  test.each(Object.entries(ROWS))('%s', async (_name, { reply, status = 200, type, length, body }) => {
    const { server, log } = portless((app) => app.get('/', reply));
    const response = await server.fetch('/');
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe(type);
    if (length !== undefined) expect(response.headers.get('content-length')).toBe(length);
    expect(await response.text()).toBe(body);
    expect(log.at('error')).toEqual([]);
  });

  test('the same response again and again', async () => {
    const kept = HttpResponse.text('x').header('x-a', '1');
    const { server } = portless((app) => app.get('/', () => kept).onResponse((response) => `${response}!`));
    expect(await (await server.fetch('/')).text()).toBe('x!');
    expect(await (await server.fetch('/')).text()).toBe('x!');
    expect(kept.body).toBe('x');
  });
});

describe('a handler may not return', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const used = new Response('x');
  test.each<[string, () => unknown]>([
    ['a function', () => () => 'x'],
    ['a symbol', () => Symbol('x')],
    ['a bigint', () => 1n],
    ['a cycle', () => cycle],
    [
      'a toJSON that throws',
      () => ({
        toJSON: () => {
          throw new Error('secret');
        },
      }),
    ],
    [
      'a Response that was read',
      async () => {
        if (!used.bodyUsed) await used.text();
        return used;
      },
    ],
    ['a Response of status 0', () => Response.error()],
  ])('%s: that is a 500, told in the log', async (_name, reply) => {
    const { server, log } = portless((app) => app.get('/', reply));
    const response = await server.fetch('/');
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      status: 500,
      title: 'Internal Server Error',
      code: 'ERR_PORTLIGHT_INTERNAL',
    });
    expect(log.at('error')).toHaveLength(1);
    expect(log.at('error')[0]?.fields['err']).toMatchObject({ name: 'ReplyError' });
  });
});
