import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpResponse, type HttpServer } from 'portlight';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import type { WireResponse } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from './lanes.ts';

const MODIFIED = 'Tue, 01 Jul 2025 12:00:00 GMT';
const BEFORE = 'Tue, 01 Jul 2025 11:59:59 GMT';
const AFTER = 'Tue, 01 Jul 2025 12:00:01 GMT';

describe.each(LANES)('RFC 9110 §13 and §14, a file of ten bytes, on the lane $name', ({ options }) => {
  let root = '';
  let etag = '';

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'portlight-conformance-'));
    await writeFile(join(root, 'ten.txt'), '0123456789');
    await writeFile(join(root, 'none.txt'), '');
    await utimes(join(root, 'ten.txt'), new Date(MODIFIED), new Date(MODIFIED));
    etag = (await ask(get('/ten.txt'))).headers.get('etag') as string;
  });
  afterAll(() => rm(root, { recursive: true }));

  const app = (server: HttpServer): unknown =>
    server
      .get('/*path', (each) => HttpResponse.file(each.params.path.join('/'), { root }))
      .put('/*path', (each) => HttpResponse.file(each.params.path.join('/'), { root }));
  const ask = async (bytes: string): Promise<WireResponse> => {
    await using open = await openServer(app, options);
    await using client = await RawClient.open(open.port);
    const [first, next] = await client.send(bytes + get('/ten.txt')).responses(2, bytes.startsWith('HEAD') ? [0] : []);
    expect(next?.body).toBe('0123456789');
    return first as WireResponse;
  };
  const fill = (field: string): string => field.replaceAll('TAG', etag);

  test('has validators and says that it can be had in parts', async () => {
    const { headers } = await ask(get('/ten.txt'));
    expect([headers.get('last-modified'), headers.get('accept-ranges'), headers.get('content-length')]).toEqual([
      MODIFIED,
      'bytes',
      '10',
    ]);
    expect(headers.get('etag')).toMatch(/^(?:W\/)?"[\x21\x23-\x7e]+"$/);
  });

  test.each<[string, readonly string[], number]>([
    ['§13.1.2 the tag', ['if-none-match: TAG'], 304],
    ['§13.1.2 the tag in a list', ['if-none-match: "x", TAG , W/"y"'], 304],
    ['§13.1.2 the tag in two lines', ['if-none-match: "x"', 'if-none-match: TAG'], 304],
    ['§13.1.2 the tag, weak', ['if-none-match: W/TAG'], 304],
    ['§13.1.2 any', ['if-none-match: *'], 304],
    ['§13.1.2 another tag', ['if-none-match: "x"'], 200],
    ['§13.1.2 a tag without quotes', ['if-none-match: x'], 200],
    ['§13.1.2 an empty list', ['if-none-match:'], 200],
    ['§13.1.3 since the change', [`if-modified-since: ${MODIFIED}`], 304],
    ['§13.1.3 since later', [`if-modified-since: ${AFTER}`], 304],
    ['§13.1.3 since before', [`if-modified-since: ${BEFORE}`], 200],
    ['§13.1.3 no date', ['if-modified-since: yesterday'], 200],
    ['§5.6.7 the date of RFC 850', ['if-modified-since: Tuesday, 01-Jul-25 12:00:00 GMT'], 304],
    ['§5.6.7 the date of asctime', ['if-modified-since: Tue Jul  1 12:00:00 2025'], 304],
    ['§13.2.2 a tag goes before a date', ['if-none-match: "x"', `if-modified-since: ${AFTER}`], 200],
    ['§13.2.2 the tag goes before a date', ['if-none-match: TAG', `if-modified-since: ${BEFORE}`], 304],
    ['§13.1.1 the tag is demanded', ['if-match: TAG'], 200],
    ['§13.1.1 any is demanded', ['if-match: *'], 200],
    ['§13.1.1 another tag is demanded', ['if-match: "x"'], 412],
    ['§13.1.1 the weak tag is demanded', ['if-match: W/TAG'], 412],
    ['§13.1.4 not since the change', [`if-unmodified-since: ${MODIFIED}`], 200],
    ['§13.1.4 not since before', [`if-unmodified-since: ${BEFORE}`], 412],
    ['§13.1.4 not since no date', ['if-unmodified-since: yesterday'], 200],
    ['§13.2.2 a demanded tag goes before a demanded date', ['if-match: TAG', `if-unmodified-since: ${BEFORE}`], 200],
    ['§13.2.2 what is demanded goes before what is known', ['if-match: "x"', 'if-none-match: TAG'], 412],
  ])('%s', async (_what, lines, status) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await ask(request(method, '/ten.txt', lines.map(fill)));
      expect([method, response.status]).toEqual([method, status]);
      if (status === 304)
        expect([response.headers.get('etag'), response.headers.has('content-range')]).toEqual([etag, false]);
    }
  });

  test('§13.1.3 a date is only for GET and HEAD', async () => {
    expect((await ask(request('PUT', '/ten.txt', [`if-modified-since: ${AFTER}`]))).status).toBe(200);
  });

  test.each<[string, string, string]>([
    ['bytes=0-3', 'bytes 0-3/10', '0123'],
    ['bytes=3-3', 'bytes 3-3/10', '3'],
    ['bytes=7-', 'bytes 7-9/10', '789'],
    ['bytes=-2', 'bytes 8-9/10', '89'],
    ['bytes=5-99', 'bytes 5-9/10', '56789'],
    ['bytes=-99', 'bytes 0-9/10', '0123456789'],
    ['Bytes=0-3', 'bytes 0-3/10', '0123'],
    ['bytes=0-0', 'bytes 0-0/10', '0'],
    ['bytes=9-9', 'bytes 9-9/10', '9'],
  ])('§14.2 %s is a part', async (range, contentRange, body) => {
    const response = await ask(get('/ten.txt', `range: ${range}`));
    expect([
      response.status,
      response.headers.get('content-range'),
      response.headers.get('content-length'),
      response.body,
    ]).toEqual([206, contentRange, String(body.length), body]);
  });

  test.each(['bytes=10-', 'bytes=10-12', 'bytes=99-', 'bytes=-0'])('§15.5.17 %s lies outside', async (range) => {
    const response = await ask(get('/ten.txt', `range: ${range}`));
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  test.each([
    'bytes=',
    'bytes=-',
    'bytes',
    'bytes=3-2',
    'bytes=a-b',
    'bytes=0x1-2',
    'bytes=1',
    'bytes=+1-2',
    'bytes=1.0-2',
    'lines=0-3',
    '0-3',
    'bytes 0-3',
    `bytes=0-${'9'.repeat(40)}x`,
    `bytes=${'0-,'.repeat(500)}`,
  ])('§14.2 %j is none, or may be ignored', async (range) => {
    expect([200, 206, 416]).toContain((await ask(get('/ten.txt', `range: ${range}`))).status);
  });

  test.each<[string, string, number]>([
    ['the tag', 'TAG', 206],
    ['another tag', '"x"', 200],
    ['the tag, weak', 'W/TAG', 200],
    ['the date', MODIFIED, 206],
    ['an earlier date', BEFORE, 200],
    ['a later date', AFTER, 200],
    ['no date', 'yesterday', 200],
  ])('§13.1.5 a part only if it is %s', async (_what, value, status) => {
    expect((await ask(get('/ten.txt', 'range: bytes=0-3', fill(`if-range: ${value}`)))).status).toBe(status);
  });

  test('§14.2 a range is only for GET', async () => {
    const response = await ask(request('HEAD', '/ten.txt', ['range: bytes=0-3']));
    expect([response.status, response.headers.get('content-length'), response.headers.has('content-range')]).toEqual([
      200,
      '10',
      false,
    ]);
  });

  test.each(['bytes=0-', 'bytes=-1', 'bytes=0-0'])('§14.2 of an empty file there is no part: %s', async (range) => {
    const response = await ask(get('/none.txt', `range: ${range}`));
    expect([response.status, response.body === '' || response.status === 416]).toEqual([
      expect.toSatisfy((status) => status === 200 || status === 416),
      true,
    ]);
  });
});
