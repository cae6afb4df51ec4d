import { utimes } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpResponse, type HttpServer } from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { portless } from '../support/open-server.ts';
import { TempFolder } from '../support/temp-folder.ts';

const AT = 'Sun, 06 Nov 1994 08:49:37 GMT';
const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT';
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT';
let temp: TempFolder;
let server: HttpServer;
let tag: string;

beforeAll(async () => {
  temp = await TempFolder.create();
  await temp.write('a.txt', '0123456789');
  // In the middle of a second: the field has no place for the rest.
  await utimes(temp.at('a.txt'), 784_111_777.5, 784_111_777.5);
  ({ server } = portless((app) =>
    app
      .route('GET|POST', '/', () => HttpResponse.file('a.txt', { root: temp.path }))
      .get('/weak', () => HttpResponse.file('a.txt', { root: temp.path, headers: { etag: 'W/"own"' } })),
  ));
  tag = (await ask({})).tag;
});

afterAll(() => temp[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly tag: string;
  readonly headers: Headers;
}

async function ask(headers: Record<string, string>, method = 'GET', path = '/'): Promise<Answer> {
  const response = await server.fetch(path, { method, headers });
  return {
    status: response.status,
    text: await response.text(),
    tag: response.headers.get('etag') ?? '',
    headers: response.headers,
  };
}

/** `@` stands for the tag of the file. */
const withTag = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replaceAll('@', tag)]));

describe('a file', () => {
  test('has a strong tag, its time and its length', async () => {
    const { status, text, headers } = await ask({});
    expect([status, text]).toEqual([200, '0123456789']);
    expect(tag).toMatch(/^"[^"]+"$/);
    expect([headers.get('last-modified'), headers.get('content-length'), headers.get('accept-ranges')]).toEqual([
      AT,
      '10',
      'bytes',
    ]);
  });

  test('has another tag when it has another length or time', async () => {
    await using other = await TempFolder.create();
    const { server } = portless((app) => app.get('/', () => HttpResponse.file('b', { root: other.path })));
    const tags = new Set<string | null>();
    for (const [text, time] of [
      ['a', 1],
      ['b', 2],
      ['bb', 2],
      ['bb', 2.5],
    ] as const) {
      await other.write('b', text);
      await utimes(other.at('b'), time, time);
      const response = await server.fetch('/');
      await response.text();
      tags.add(response.headers.get('etag'));
    }
    expect(tags.size).toBe(4);
  });
});

describe.each(['GET', 'HEAD'])('preconditions of %s (RFC 9110 §13.2.2)', (method) => {
  test.each<[number, Record<string, string>]>([
    [304, { 'if-none-match': '@' }],
    [304, { 'if-none-match': 'W/@' }],
    [304, { 'if-none-match': '"x", @' }],
    [304, { 'if-none-match': '*' }],
    [200, { 'if-none-match': '"x"' }],
    [200, { 'if-none-match': '' }],
    [304, { 'if-modified-since': AT }],
    [304, { 'if-modified-since': AFTER }],
    [200, { 'if-modified-since': BEFORE }],
    [200, { 'if-modified-since': 'nonsense' }],
    [200, { 'if-modified-since': '0' }],
    [200, { 'if-match': '@' }],
    [200, { 'if-match': '"x", @' }],
    [200, { 'if-match': '*' }],
    [412, { 'if-match': '"x"' }],
    [412, { 'if-match': 'W/@' }],
    [412, { 'if-match': '' }],
    [200, { 'if-unmodified-since': AT }],
    [200, { 'if-unmodified-since': AFTER }],
    [412, { 'if-unmodified-since': BEFORE }],
    [200, { 'if-unmodified-since': 'nonsense' }],
    // The tag decides, the date beside it is not looked at.
    [200, { 'if-none-match': '"x"', 'if-modified-since': AFTER }],
    [304, { 'if-none-match': '@', 'if-modified-since': BEFORE }],
    [200, { 'if-match': '@', 'if-unmodified-since': BEFORE }],
    [412, { 'if-match': '"x"', 'if-unmodified-since': AFTER }],
    // What must hold comes before what saves the body.
    [412, { 'if-match': '"x"', 'if-none-match': '@' }],
    [304, { 'if-match': '@', 'if-none-match': '@' }],
    [412, { 'if-unmodified-since': BEFORE, 'if-none-match': '@' }],
    [412, { 'if-unmodified-since': BEFORE, 'if-modified-since': AT }],
    [304, { 'if-none-match': '@', range: 'bytes=0-1' }],
    [412, { 'if-match': '"x"', range: 'bytes=99-' }],
    [304, { 'if-none-match': '@', range: 'bytes=99-' }],
  ])('are answered %i for %j', async (status, headers) => {
    expect((await ask(withTag(headers), method)).status).toBe(status);
  });

  test('that save the body keep the fields a cache needs', async () => {
    const { text, headers } = await ask({ 'if-none-match': tag }, method);
    expect([text, headers.get('etag'), headers.get('last-modified'), headers.get('content-length')]).toEqual([
      '',
      tag,
      AT,
      null,
    ]);
  });
});

describe('a tag of the app', () => {
  test('is the one that is compared, weakly for what saves the body, strongly for what must hold', async () => {
    expect((await ask({ 'if-none-match': 'W/"own"' }, 'GET', '/weak')).status).toBe(304);
    expect((await ask({ 'if-none-match': '"own"' }, 'GET', '/weak')).status).toBe(304);
    expect((await ask({ 'if-none-match': tag }, 'GET', '/weak')).status).toBe(200);
    expect((await ask({ 'if-match': 'W/"own"' }, 'GET', '/weak')).status).toBe(412);
    expect((await ask({ 'if-range': 'W/"own"', range: 'bytes=0-1' }, 'GET', '/weak')).status).toBe(200);
  });
});

describe('If-Range (RFC 9110 §13.1.5)', () => {
  test.each<[number, string]>([
    [206, '@'],
    [200, '"x"'],
    [200, 'W/@'],
    [206, AT],
    [200, BEFORE],
    [200, AFTER],
    [200, 'nonsense'],
    [200, ''],
    [200, '*'],
  ])('is answered %i for %j', async (status, ifRange) => {
    const { status: answered, text } = await ask(withTag({ 'if-range': ifRange, range: 'bytes=2-3' }));
    expect([answered, text]).toEqual([status, status === 206 ? '23' : '0123456789']);
  });

  test('that does not hold makes a range that lies outside no matter', async () => {
    expect((await ask({ 'if-range': '"x"', range: 'bytes=99-' })).status).toBe(200);
    expect((await ask({ 'if-range': tag, range: 'bytes=99-' })).status).toBe(416);
  });
});

test('a reply to POST is whole, unless what must hold does not', async () => {
  expect((await ask({ range: 'bytes=0-1', 'if-modified-since': AT }, 'POST')).status).toBe(200);
  expect((await ask({ 'if-match': '"x"' }, 'POST')).status).toBe(412);
});

test('all of these leave no file open', async () => {
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
});
