import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/index.ts';

const invalidHeader = expect.objectContaining({ name: 'ReplyError', code: 'ERR_PORTLIGHT_INVALID_HEADER' });
/** Gives another text each time it is read: one for the check, one for the wire. */
const evil = (): string => {
  let reads = 0;
  return { toString: () => (reads++ === 0 ? 'harmless' : 'a\r\nset-cookie: admin=1') } as unknown as string;
};

describe('new HttpResponse', () => {
  test('takes headers as a record, as pairs and as standard Headers', () => {
    const standard = new Headers({ 'x-a': '1' });
    standard.append('set-cookie', 'a=1');
    standard.append('set-cookie', 'b=2');
    expect([...new HttpResponse(null, { headers: { 'X-A': 1, 'x-b': ['2', 3], 'x-c': undefined } }).headers]).toEqual([
      ['x-a', '1'],
      ['x-b', '2'],
      ['x-b', '3'],
    ]);
    expect([
      ...new HttpResponse(null, {
        headers: [
          ['x-a', '1'],
          ['X-A', '2'],
        ],
      }).headers,
    ]).toEqual([
      ['x-a', '1'],
      ['x-a', '2'],
    ]);
    expect(new HttpResponse(null, { headers: standard }).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test('lets a content type that is given win', () => {
    expect(new HttpResponse('<p>', { headers: { 'Content-Type': 'text/html' } }).headers.get('content-type')).toBe(
      'text/html',
    );
    expect(new HttpResponse('<p>', { headers: [['content-type', 'text/html']] }).headers.get('content-type')).toBe(
      'text/html',
    );
  });

  test.each([100, 101, 199, 600, 0, -1, 200.5, Number.NaN, '200', null])('refuses the status %s', (status) => {
    expect(() => new HttpResponse(null, { status: status as number })).toThrow(
      expect.objectContaining({ name: 'ReplyError' }),
    );
    const response = new HttpResponse();
    expect(() => (response.status = status as number)).toThrow(expect.objectContaining({ name: 'ReplyError' }));
    expect(response.status).toBe(200);
  });

  test.each([200, 204, 205, 304, 418, 599])('takes the status %i', (status) => {
    expect(new HttpResponse(null, { status }).status).toBe(status);
  });
});

describe('statics', () => {
  test('json writes JSON whatever the value', () => {
    expect(HttpResponse.json('a')).toMatchObject({ body: '"a"', status: 200 });
    expect(HttpResponse.json(null, { status: 201 })).toMatchObject({ body: 'null', status: 201 });
    expect(
      HttpResponse.json({}, { headers: { 'content-type': 'application/ld+json' } }).headers.get('content-type'),
    ).toBe('application/ld+json');
    expect(() => HttpResponse.json(undefined)).toThrow(expect.objectContaining({ name: 'ReplyError' }));
  });

  test('text and html say what they are', () => {
    expect(HttpResponse.text('a').headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(HttpResponse.html('<p>', { status: 404 })).toMatchObject({ body: '<p>', status: 404 });
    expect(HttpResponse.html('<p>').headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  test('problem follows RFC 9457', () => {
    const response = HttpResponse.problem(409, 'The name is taken.', { code: 'NAME_TAKEN', field: 'name' });
    expect(response.status).toBe(409);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(JSON.parse(String(response))).toEqual({
      status: 409,
      title: 'Conflict',
      detail: 'The name is taken.',
      code: 'NAME_TAKEN',
      field: 'name',
    });
    expect(JSON.parse(String(HttpResponse.problem(404)))).toEqual({ status: 404, title: 'Not Found' });
  });

  test('stream shows a web stream of bytes, whatever the source', async () => {
    const response = HttpResponse.stream(['a', Buffer.from('b')].values(), {
      status: 206,
      headers: { 'content-type': 'text/csv' },
    });
    expect(response.status).toBe(206);
    expect(response.body).toBeInstanceOf(ReadableStream);
    expect(response.body).toBe(response.body);
    expect(await new Response(response.body as ReadableStream).text()).toBe('ab');
  });
});

describe('header and cookie', () => {
  test('chain, set in place, and append cookies', () => {
    const response = HttpResponse.text('x')
      .header('X-A', 1)
      .header('x-a', ['2', 3])
      .cookie('a', '1')
      .cookie('b', 'c d', { path: '/x', httpOnly: true });
    expect([...response.headers].filter(([name]) => name === 'x-a')).toEqual([
      ['x-a', '2'],
      ['x-a', '3'],
    ]);
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=c%20d; Path=/x; HttpOnly']);
  });

  test.each<[string, string, unknown]>([
    ['CR and LF in a value', 'x-a', 'a\r\nb: c'],
    ['LF in a value', 'x-a', 'a\nb'],
    ['NUL in a value', 'x-a', 'a\0'],
    ['a character beyond latin1', 'x-a', 'Ā'],
    ['LF in one of several values', 'x-a', ['a', 'b\n']],
    ['an object whose text changes', 'x-a', evil()],
    ['such an object among several values', 'x-a', ['a', evil()]],
    ['undefined as a value', 'x-a', undefined],
    ['a bad name', 'x a', 'b'],
    ['an empty name', '', 'b'],
    ['an object as a name', evil(), 'b'],
  ])('refuse %s, and leave the response as it was', (_what, name, value) => {
    const response = HttpResponse.text('x').header('x-a', 'before');
    expect(() => response.header(name, value as string)).toThrow(invalidHeader);
    expect(() => new HttpResponse(null, { headers: [[name, value as string]] })).toThrow();
    expect([...response.headers]).toEqual([
      ['content-type', 'text/plain; charset=utf-8'],
      ['x-a', 'before'],
    ]);
  });

  test.each([
    ['a name with a line break', 'a\r\nx', {}],
    ['a path that adds an attribute', 'a', { path: '/; Domain=evil' }],
    ['a path whose text changes', 'a', { path: evil() }],
    ['a domain with a line break', 'a', { domain: 'a\nb' }],
  ])('refuse a cookie with %s', (_what, name, options) => {
    const response = HttpResponse.text('x');
    expect(() => response.cookie(name, 'v', options)).toThrow(expect.objectContaining({ name: 'ReplyError' }));
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test.each<[string, object]>([
    ['path', { path: {} }],
    ['path', { path: Promise.resolve('/') }],
    ['domain', { domain: 5 }],
    ['secure', { secure: 'false' }],
    ['httpOnly', { httpOnly: 'no' }],
    ['maxAge', { maxAge: '5' }],
    ['expires', { expires: new Date(NaN) }],
    ['sameSite', { sameSite: 'Lax' }],
    ['priority', { priority: 1 }],
    ['partitioned', { partitioned: 1 }],
  ])('refuse a cookie whose %s is of another kind', (attribute, options) => {
    expect(() => HttpResponse.text('x').cookie('a', 'b', options)).toThrow(`its ${attribute} must be`);
  });

  test.each([
    [undefined, {}],
    ['400', {}],
    [400, new Map()],
    [400, []],
  ])('refuse a problem of %o and %o', (status, members) => {
    expect(() => HttpResponse.problem(status as number, 'x', members as never)).toThrow(
      expect.objectContaining({ name: 'ReplyError' }),
    );
  });

  test('encode a cookie value that would break out', () => {
    expect(HttpResponse.text('x').cookie('a', 'b\r\nset-cookie: c=d; Path=/').headers.getSetCookie()).toEqual([
      'a=b%0D%0Aset-cookie%3A%20c%3Dd%3B%20Path%3D%2F; Path=/',
    ]);
  });
});

describe('in a string context', () => {
  test.each<[string, unknown, string]>([
    ['text', 'é', 'é'],
    ['JSON', { a: 1 }, '{"a":1}'],
    ['bytes', Buffer.from('é'), 'é'],
    ['nothing', null, ''],
  ])('%s is its text', (_what, body, text) => {
    expect(`${new HttpResponse(body)}<p>`).toBe(`${text}<p>`);
  });

  test('a stream throws', () => {
    expect(() => `${new HttpResponse(ReadableStream.from(['a']))}`).toThrow(TypeError);
  });
});

test('clone is another response of the same content', () => {
  const response = new HttpResponse('x', { status: 201, headers: { 'x-a': '1' } });
  const copy = response.clone();
  copy.status = 404;
  copy.header('x-a', '2');
  copy.body = 'y';
  expect(response).toMatchObject({ status: 201, body: 'x' });
  expect(response.headers.get('x-a')).toBe('1');
  expect(copy.clone()).toMatchObject({ status: 404, body: 'y' });
});
