import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpResponse, type HttpServer } from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { portless } from '../support/open-server.ts';
import { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let server: HttpServer;
const BIG = 300_000;

beforeAll(async () => {
  temp = await TempFolder.create();
  await temp.write('a.txt', '0123456789');
  await temp.write('empty.txt', '');
  await temp.write('big.bin', Buffer.alloc(BIG, Buffer.from([...Array(256).keys()])));
  ({ server } = portless((app) =>
    app.get('/*path', (request) => HttpResponse.file(request.params.path, { root: temp.path })),
  ));
});

afterAll(() => temp[Symbol.asyncDispose]());

async function ask(
  range: string,
  path = '/a.txt',
  method = 'GET',
): Promise<readonly [number, string, string | null, string | null]> {
  const response = await server.fetch(path, { method, headers: { range } });
  const text = await response.text();
  return [
    response.status,
    response.status < 400 ? text : '',
    response.headers.get('content-range'),
    response.headers.get('content-length'),
  ];
}

describe('a range of a file', () => {
  test.each([
    ['bytes=0-0', '0', '0-0'],
    ['bytes=0-9', '0123456789', '0-9'],
    ['bytes=0-', '0123456789', '0-9'],
    ['bytes=9-', '9', '9-9'],
    ['bytes=3-5', '345', '3-5'],
    ['bytes=5-999', '56789', '5-9'],
    ['bytes=-1', '9', '9-9'],
    ['bytes=-99', '0123456789', '0-9'],
  ])('%s is sent as 206', async (range, text, sent) => {
    expect(await ask(range)).toEqual([206, text, `bytes ${sent}/10`, String(text.length)]);
  });

  test.each([
    'bytes=0-1,3-4',
    'bytes=0-1, 9-',
    'bytes=0-,0-,0-',
    'items=0-1',
    'bytes=',
    'bytes=5-4',
    'bytes=-',
    'bytes=-,0-',
    'nonsense',
    `bytes=${'0-1,'.repeat(2_000)}0-1`,
  ])('%s is answered by the whole', async (range) => {
    expect(await ask(range)).toEqual([200, '0123456789', null, '10']);
  });

  test.each(['bytes=10-', 'bytes=10-11', 'bytes=-0', 'bytes=99-100'])(
    '%s lies outside: 416, saying how long the file is',
    async (range) => {
      const [status, , sent] = await ask(range);
      expect([status, sent]).toEqual([416, 'bytes */10']);
    },
  );

  test.each(['bytes=0-', 'bytes=0-0', 'bytes=-1'])('%s of an empty file lies outside', async (range) => {
    const [status, , sent] = await ask(range, '/empty.txt');
    expect([status, sent]).toEqual([416, 'bytes */0']);
  });

  test('is nothing to HEAD (RFC 9110 §14.2)', async () => {
    expect(await ask('bytes=0-1', '/a.txt', 'HEAD')).toEqual([200, '', null, '10']);
    expect(await ask('bytes=99-', '/a.txt', 'HEAD')).toEqual([200, '', null, '10']);
  });

  test('has its type and validators', async () => {
    const whole = await server.fetch('/a.txt');
    const part = await server.fetch('/a.txt', { headers: { range: 'bytes=1-1' } });
    await Promise.all([whole.text(), part.text()]);
    for (const name of ['content-type', 'etag', 'last-modified', 'accept-ranges'])
      expect([name, part.headers.get(name)]).toEqual([name, whole.headers.get(name)]);
  });

  test('after range puts a file together again', async () => {
    const parts: Buffer[] = [];
    for (let start = 0; start < BIG; start += 65_537) {
      const response = await server.fetch('/big.bin', { headers: { range: `bytes=${start}-${start + 65_536}` } });
      parts.push(Buffer.from(await response.arrayBuffer()));
    }
    const whole = Buffer.from(await (await server.fetch('/big.bin')).arrayBuffer());
    expect(whole.length).toBe(BIG);
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
  });
});

test('all of these leave no file open', async () => {
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
});
