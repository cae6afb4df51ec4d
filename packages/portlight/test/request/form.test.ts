import { describe, expect, test } from 'vitest';
import { portless } from '../support/open-server.ts';
import { field, form, post } from '../support/multipart.ts';

const URLENCODED = 'application/x-www-form-urlencoded';
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

/** The entries of the form that a server makes of a request. */
async function entriesOf(init: RequestInit): Promise<unknown> {
  const { server } = portless((app) => app.post('/', async (request) => [...(await request.formData())]));
  return (await server.fetch('/', init)).json();
}

const pairs: readonly (readonly [string, string])[] = [
  ['b', '1'],
  ['a', '2'],
  ['b', '3'],
  ['2', 'x'],
  ['1', 'y'],
  ['', 'no name'],
  ['empty', ''],
  ['__proto__', 'p'],
  ['constructor', 'c'],
  ['toString', 't'],
  ['hasOwnProperty', 'h'],
  ['a[b]', 'flat'],
  ['ünï 名', 'wërt 値 🚪'],
  ['x', 'a=b&c;d,e+f%20'],
];

describe('a form', () => {
  test('of a standard FormData has its entries in their order', async () => {
    const data = new FormData();
    const named = pairs.filter(([name]) => name !== '');
    for (const [name, value] of named) data.append(name, value);
    expect(await entriesOf({ method: 'POST', body: data })).toEqual(named);
    expect(({} as Record<string, unknown>)['p']).toBe(undefined);
  });

  test('of standard URLSearchParams has its entries in their order', async () => {
    expect(
      await entriesOf({
        method: 'POST',
        body: new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])),
      }),
    ).toEqual(pairs);
  });

  test.each([
    [
      'a=1&a=2&&b',
      [
        ['a', '1'],
        ['a', '2'],
        ['b', ''],
      ],
    ],
    ['a+b=c+d%2B', [['a b', 'c d+']]],
    ['', []],
    ['a=1=2', [['a', '1=2']]],
  ])('urlencoded as %j is read as a browser writes it', async (body, entries) => {
    expect(await entriesOf(post(body, URLENCODED))).toEqual(entries);
    expect(await entriesOf(post(body, 'Application/X-WWW-Form-Urlencoded; charset=UTF-8'))).toEqual(entries);
  });

  test('urlencoded with a malformed escape is 400', async () => {
    expect(await entriesOf(post('a=%zz', URLENCODED))).toMatchObject({ status: 400 });
  });

  test('multipart without parts is empty', async () => {
    expect(await entriesOf(post(form()))).toEqual([]);
  });

  test('multipart keeps line breaks, what looks like a boundary, and bytes before and after', async () => {
    const value = 'a\r\n--x-portlight\r\n\r\n-b\n';
    expect(await entriesOf(post(`preamble\r\n${form(field('a', value))}epilogue`))).toEqual([['a', value]]);
  });

  test('multipart takes names in UTF-8, and a quoted boundary', async () => {
    const body = form(field(utf8('näme 名'), utf8('wért'))).replaceAll('x-portlight-x', 'a b');
    expect(await entriesOf(post(body, 'multipart/form-data; boundary="a b"'))).toEqual([['näme 名', 'wért']]);
  });

  test.each([['application/json'], ['text/plain'], ['multipart/mixed; boundary=x'], ['nonsense']])(
    'of the type %s is 415',
    async (type) => {
      expect(await entriesOf(post('{}', type))).toMatchObject({
        status: 415,
        code: 'ERR_PORTLIGHT_UNSUPPORTED_MEDIA_TYPE',
      });
    },
  );

  test.each([
    ['multipart/form-data; boundary=x', 'gzip'],
    [URLENCODED, 'br'],
  ])('of the type %s that is compressed is 415', async (type, encoding) => {
    const init = post('a', type);
    expect(await entriesOf({ ...init, headers: { 'content-type': type, 'content-encoding': encoding } })).toMatchObject(
      { status: 415 },
    );
  });

  test('that is not there is 415', async () => {
    expect(await entriesOf({ method: 'POST' })).toMatchObject({ status: 415 });
  });
});

describe('a form read twice', () => {
  test.each([
    ['multipart', post(form(field('a', '1')))],
    ['urlencoded', post('a=1', URLENCODED)],
  ])('is the same (%s)', async (_kind, init) => {
    const { server } = portless((app) =>
      app.post('/', async (request) => {
        const [first, second] = await Promise.all([request.formData(), request.formData()]);
        return [first === second, first === (await request.formData()), first.get('a')];
      }),
    );
    expect(await (await server.fetch('/', init)).json()).toEqual([true, true, '1']);
  });

  test.each(['json', 'text', 'bytes'] as const)('after %s says that the body was read', async (method) => {
    const { server, log } = portless((app) =>
      app.post('/', async (request) => {
        await request[method]().catch(() => undefined);
        return [...(await request.formData())];
      }),
    );
    expect((await server.fetch('/', post(form(field('a', '1'))))).status).toBe(500);
    expect(log.at('error')[0]?.fields['err']).toMatchObject({ message: 'The body of this request was already read.' });
  });

  test('and then as text says that it is gone', async () => {
    const { server, log } = portless((app) =>
      app.post('/', async (request) => {
        await request.formData();
        return request.text();
      }),
    );
    expect((await server.fetch('/', post(form(field('a', '1'))))).status).toBe(500);
    expect(log.at('error')[0]?.fields['err']).toMatchObject({
      message: 'The body of this request was already taken as a stream.',
    });
  });

  test('urlencoded can be read as text as well', async () => {
    const { server } = portless((app) =>
      app.post('/', async (request) => [...(await request.formData()), await request.text()]),
    );
    expect(await (await server.fetch('/', post('a=1', URLENCODED))).json()).toEqual([['a', '1'], 'a=1']);
  });
});
