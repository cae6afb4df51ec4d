import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { HttpResponse, NotFoundError } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

class Sealed {
  readonly #secret = 1;

  get secret(): number {
    return this.#secret;
  }
}

/** What JSON would drop, or write as something that it is not, and what the sentence about it names. */
const WITHOUT_FORM: Readonly<Record<string, readonly [make: () => unknown, remedy: string]>> = {
  'a Map': [() => new Map([['a', 1]]), 'Object.fromEntries(map)'],
  'a Map of another realm': [() => runInNewContext('new Map([[1, 2]])') as unknown, 'Object.fromEntries(map)'],
  'a Map with fields': [() => Object.assign(new Map(), { size2: 1 }), 'Object.fromEntries(map)'],
  'a Set': [() => new Set([1]), '[...set]'],
  'a WeakMap': [() => new WeakMap(), 'a WeakMap'],
  'a WeakSet': [() => new WeakSet(), 'a WeakSet'],
  'an Error': [() => new Error('x'), 'throw it'],
  'an Error with a code': [() => Object.assign(new Error('x'), { code: 'ENOENT', path: '/etc' }), 'throw it'],
  'an Error of another realm': [
    () => runInNewContext('Object.assign(new TypeError("x"), { code: 1 })') as unknown,
    'throw it',
  ],
  'an error of ours': [() => new NotFoundError(), 'throw it'],
  Headers: [() => new Headers({ a: 'b' }), 'Object.fromEntries(headers)'],
  FormData: [() => new FormData(), 'Object.fromEntries(form)'],
  URLSearchParams: [() => new URLSearchParams('a=b'), 'String(params)'],
  'a Request': [() => new Request('http://localhost/'), 'a Request'],
  'a RegExp': [() => /x/, 'String(pattern)'],
  'a class that keeps all to itself': [() => new Sealed(), 'toJSON'],
  'a toJSON that gives a Map': [() => ({ toJSON: () => new Map([[1, 2]]) }), 'Object.fromEntries'],
  'a toJSON that is async': [() => ({ a: { toJSON: async () => ({}) } }), 'await'],
  'a stream of Node': [() => ({ file: new PassThrough() }), 'return it by itself'],
  'an emitter of events': [() => ({ emitter: new EventEmitter() }), 'no JSON form'],
  'an Intl object': [() => new Intl.NumberFormat('en'), 'Intl.NumberFormat'],
  'a Uint16Array': [() => Uint16Array.of(1), '[...values]'],
  'a DataView': [() => new DataView(new ArrayBuffer(2)), 'DataView'],
  'a function': [() => () => 1, 'a function'],
  'a symbol': [() => Symbol('x'), 'a symbol'],
  'a bigint': [() => 1n, 'String(value)'],
};

/** What is a reply by itself, but nothing inside a value. */
const WITHOUT_FORM_INSIDE: typeof WITHOUT_FORM = {
  ...WITHOUT_FORM,
  'a promise': [() => Promise.resolve(1), 'await'],
  'a thenable': [() => ({ then: () => undefined }), 'await'],
  'a Response': [() => new Response('x'), 'by itself'],
  'an HttpResponse': [() => new HttpResponse('x'), 'by itself'],
  'a Blob': [() => new Blob(['x']), 'by itself'],
  'a File': [() => new File(['x'], 'x'), 'by itself'],
  'an ArrayBuffer': [() => new ArrayBuffer(1), 'by themselves'],
  'a Uint8Array': [() => Uint8Array.of(1), 'by themselves'],
  'a web stream': [() => new ReadableStream(), 'by itself'],
};

const PLACES: Readonly<Record<string, (value: unknown) => unknown>> = {
  'in a field': (value) => ({ name: 'x', deep: value }),
  'in an array': (value) => ['x', value],
  'far inside': (value) => ({ rows: [{ id: 1, cells: [[], { last: value }] }] }),
  'in an object without a prototype': (value) => Object.assign(Object.create(null) as object, { value }),
};

async function failureOf(reply: () => unknown): Promise<unknown> {
  const { server, log } = portless((app) => app.get('/', reply));
  const response = await server.fetch('/');
  expect(response.status).toBe(500);
  return log.at('error')[0]?.fields['err'];
}

describe('what has no JSON form is an error that says what to write', () => {
  test.each(Object.entries(WITHOUT_FORM))('%s', async (_name, [make, remedy]) => {
    expect(await failureOf(make)).toMatchObject({
      name: 'ReplyError',
      code: 'ERR_PORTLIGHT_INVALID_REPLY',
      message: expect.stringContaining(remedy) as string,
    });
  });

  for (const [place, put] of Object.entries(PLACES)) {
    test.each(Object.entries(WITHOUT_FORM_INSIDE))(`%s ${place}`, async (_name, [make, remedy]) => {
      expect(await failureOf(() => put(make()))).toMatchObject({
        name: 'ReplyError',
        message: expect.stringContaining(remedy) as string,
      });
    });
  }

  test('HttpResponse.json and problem refuse it as well', () => {
    expect(() => HttpResponse.json({ all: new Map() })).toThrow(/a Map has no JSON form.*It stands at "all"/);
    expect(() => HttpResponse.problem(400, 'x', { errors: new Set() })).toThrow('a Set');
    expect(() => HttpResponse.json(undefined)).toThrow('undefined has no JSON form');
  });

  test('the sentence says where it stands', async () => {
    expect(await failureOf(() => ({ rows: [{ id: 1 }, { tags: new Set() }] }))).toMatchObject({
      message: expect.stringContaining('It stands at "rows[1].tags".') as string,
    });
  });

  test('it is found behind any number of rows', async () => {
    const rows: unknown[] = Array.from({ length: 1_000 }, (_each, id) => ({ id, empty: {} }));
    expect(await failureOf(() => [...rows, { late: Promise.resolve() }])).toMatchObject({
      message: expect.stringContaining('[1000].late') as string,
    });
  });
});

class Point {
  x = 1;
  readonly #y = 2;

  get y(): number {
    return this.#y;
  }
}

class Money {
  toJSON(): string {
    return '1.00';
  }
}

/** What JSON says of these is what JSON.stringify says, as everywhere in JavaScript. */
const AS_JSON: Readonly<Record<string, readonly [make: () => unknown, text: string]>> = {
  'an empty object': [() => ({}), '{}'],
  'empty objects far inside': [() => [{ a: {}, b: [{}] }], '[{"a":{},"b":[{}]}]'],
  'an empty object of another realm': [() => ({ a: runInNewContext('({})') as unknown }), '{"a":{}}'],
  'an object without a prototype': [() => Object.create(null) as unknown, '{}'],
  'a field of undefined': [() => ({ a: undefined }), '{}'],
  'a text that looks like an object': [() => ['{}'], '["{}"]'],
  'undefined, NaN and Infinity in an array': [() => [undefined, NaN, Infinity], '[null,null,null]'],
  'a Date': [() => ({ at: new Date(0) }), '{"at":"1970-01-01T00:00:00.000Z"}'],
  'an invalid Date': [() => ({ at: new Date(NaN) }), '{"at":null}'],
  'a URL': [() => ({ url: new URL('http://localhost/') }), '{"url":"http://localhost/"}'],
  'a Buffer inside a value': [() => ({ bytes: Buffer.from('a') }), '{"bytes":{"type":"Buffer","data":[97]}}'],
  'boxed values': [() => [Object('a') as unknown, Object(1) as unknown, Object(true) as unknown], '["a",1,true]'],
  'an instance of a class': [() => new Point(), '{"x":1}'],
  'what has a toJSON of its own': [
    () => [new Money(), Object.assign(new Error('x'), { toJSON: () => ({ message: 'x' }) })],
    '["1.00",{"message":"x"}]',
  ],
  'a Map with a toJSON': [() => Object.assign(new Map(), { toJSON: () => [] }), '[]'],
};

test.each(Object.entries(AS_JSON))('%s is sent as JSON.stringify writes it', async (_name, [make, text]) => {
  const { server } = portless((app) => app.get('/', make));
  expect(await (await server.fetch('/')).text()).toBe(text);
});

test('what was published and cannot be said is refused as well', async () => {
  const { server } = portless((app) => app.get('/', () => 'x'));
  await expect(server.publish('news', { all: new Map() })).rejects.toMatchObject({
    code: 'ERR_PORTLIGHT_INVALID_PUBLICATION',
    message: expect.stringContaining('a Map') as string,
  });
});
