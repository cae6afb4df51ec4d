import { AsyncLocalStorage } from 'node:async_hooks';
import { readdirSync, readFileSync } from 'node:fs';
import { HttpResponse, type HttpServer } from 'portlight';
import { describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { LANES } from './lanes.ts';
import { chunked, head, openApp, post, refusalOf } from './strict-app.ts';

const SOURCES = new URL('../../packages/portlight/src/', import.meta.url);

describe.each(LANES)('advisories of Node.js and llhttp on the lane $name', (lane) => {
  test.each<[string, string]>([
    ['CVE-2021-22959: a blank before the colon of a length', post(['content-length : 5'], 'hello')],
    ['CVE-2021-22960: a line feed in a chunk extension', chunked('3;\n\r\nabc\r\n0\r\n\r\n')],
    [
      'CVE-2022-32213: a coding that only begins with chunked',
      post(['transfer-encoding: chunkedchunked'], '0\r\n\r\n'),
    ],
    ['CVE-2022-32214: lines that end in a line feed alone', 'GET / HTTP/1.1\nhost: a\n\n'],
    ['CVE-2022-32215: a coding over two lines', post(['transfer-encoding: chunked,', ' identity'], '0\r\n\r\n')],
    ['CVE-2022-35256: a field that has no end', 'GET / HTTP/1.1\r\nhost: a\r\nx:\nfoo\r\n\r\n'],
    [
      'CVE-2023-30589: a carriage return alone ends a line',
      'POST / HTTP/1.1\r\nhost: a\r\nx: y\rcontent-length: 1\r\n\r\n',
    ],
    ['CVE-2025-23167: a carriage return and another byte end the head', 'GET / HTTP/1.1\r\nhost: a\r\n\rXX: y\r\n\r\n'],
    ['CVE-2024-27982: a blank before a length', head('GET / HTTP/1.1', 'host: a', ' Content-Length: 30')],
  ])('%s', async (_what, bytes) => {
    const { statuses, saysClose, seen } = await refusalOf(lane, bytes);
    expect({ statuses, saysClose, seen: seen.filter((each) => each !== 'POST /echo') }).toEqual({
      statuses: ['400'],
      saysClose: true,
      seen: [],
    });
  });

  test('CVE-2024-22019: a chunk extension of 20 KB is 413', async () => {
    expect(await refusalOf(lane, chunked(`3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`))).toMatchObject({
      statuses: ['413'],
      saysClose: true,
    });
  });

  test('CVE-2024-22019: extensions of 1 KB for every byte are cut', async () => {
    await using app = await openApp(lane);
    await using client = await RawClient.open(app.port);
    client.send(chunked(`1;${'a'.repeat(1_000)}\r\nb\r\n`.repeat(2_000)));
    const text = await client.ended();
    expect(text).toMatch(/^(?:HTTP\/1\.1 413 [^]*)?$/);
    expect(app.bodies.filter((each) => !each.endsWith('Error'))).toEqual([]);
  });

  test('CVE-2024-27983, CVE-2025-59465 and others: HTTP/2 is not spoken here', async () => {
    const { statuses } = await refusalOf(lane, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expect(statuses).toEqual([expect.stringMatching(/^(?:400|505)$/)]);
    const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    expect(files.filter((file) => /from 'node:http2'/.test(readFileSync(new URL(file, SOURCES), 'utf8')))).toEqual([]);
  });

  test('CVE-2025-59466: a body nested 50,000 deep ends no process that keeps a context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const app = (server: HttpServer): unknown =>
      server
        .use((_request, next) => storage.run('context', next))
        .post('/', async (each) => `${typeof (await each.json())} ${storage.getStore() ?? ''}`)
        .get('/', (each) => Object.keys(each.query).length);
    await using open = await openServer(app, lane.options);
    await using client = await RawClient.open(open.port);
    const bodies = [
      '['.repeat(50_000) + ']'.repeat(50_000),
      '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000),
      '['.repeat(1_000_000),
      `${'{"\\u0061":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
    ];
    const responses = await client
      .send(bodies.map((body) => request('POST', '/', [], body)).join('') + get(`/?a${'[b]'.repeat(2_500)}=1`))
      .responses(5);
    expect(responses.map(({ status }) => [200, 400, 413].includes(status))).toEqual([true, true, true, true, true]);
    expect(open.log.at('error')).toEqual([]);
  });

  test('CVE-2026-21710: fields with names of objects are fields like others', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf'];
    await using open = await openServer(
      (server) =>
        server.get('/', (each) => [
          names.map((name) => each.header(name)),
          names.map((name) => each.headers.get(name)),
          each.cookies['__proto__'] ?? null,
        ]),
      lane.options,
    );
    await using client = await RawClient.open(open.port);
    const { body } = await client.send(get('/', ...names.map((name) => `${name}: 1`), 'cookie: a=b')).response();
    expect(JSON.parse(body)).toEqual([names.map(() => '1'), names.map(() => '1'), null]);
    const none = await client.send(get('/')).responses(2);
    expect(JSON.parse(none[1]?.body ?? '')).toEqual([names.map(() => null), names.map(() => null), null]);
  });

  test('CVE-2025-27209, CVE-2026-21717: keys that collide are limited in number', async () => {
    await using open = await openServer(
      (server) =>
        server
          .post('/', async (each) => Object.keys((await each.json()) as object).length)
          .get('/', (each) => Object.keys(each.query).length),
      lane.options,
    );
    await using client = await RawClient.open(open.port);
    const query = Array.from({ length: 1_001 }, (_, index) => `${index * 65_536}`).join('&');
    const json = `{${Array.from({ length: 50_000 }, (_, index) => `"${index * 65_536}":0`).join()}}`;
    const responses = await client
      .send(get(`/?${query.slice(0, 7_000)}`) + get(`/?${'&a'.repeat(1_001)}`) + request('POST', '/', [], json))
      .responses(3);
    expect(responses.map(({ status }) => status)).toEqual([200, 400, 200]);
  });

  test('CVE-2026-58044: a length behind 2,100 fields frames nothing', async () => {
    const lines = Array.from({ length: 2_100 }, (_, index) => `${index % 10}:`);
    expect(await refusalOf(lane, post([...lines, 'content-length: 5'], 'hello'))).toMatchObject({
      statuses: ['431'],
      saysClose: true,
      seen: [],
    });
  });

  test('CVE-2023-23936: a value that becomes text late brings no line of its own', async () => {
    const evil = { toString: () => 'a\r\nx-evil: 1' } as unknown as string;
    const list: unknown = ['a\r\nx-evil: 1'];
    const app = (server: HttpServer): unknown =>
      server
        .get('/object', () => HttpResponse.text('x').header('x-a', evil))
        .get('/array', () => HttpResponse.text('x').header('x-a', list as string))
        .get('/options', () => new HttpResponse('x', { headers: { 'x-a': evil } }))
        .get('/name', () => HttpResponse.text('x').header('x-a\r\nx-evil', '1'))
        .get('/cookie', () => HttpResponse.text('x').cookie('a', 'b', { path: '/\r\nx-evil: 1' }))
        .get('/redirect', () => HttpResponse.redirect('/\r\nx-evil: 1'));
    await using open = await openServer(app, lane.options);
    await using client = await RawClient.open(open.port);
    const paths = ['/object', '/array', '/options', '/name', '/cookie'];
    const responses = await client.send([...paths, '/redirect'].map((path) => get(path)).join('')).responses(6);
    expect(responses.slice(0, 5).map(({ status }) => status)).toEqual(paths.map(() => 500));
    expect(responses.some(({ headers }) => headers.has('x-evil'))).toBe(false);
  });
});
