import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

describe('HttpResponse.raw', () => {
  test.each(['\r\n', '\n'])('reads a whole response whose lines end in %j', (line) => {
    const response = HttpResponse.raw(
      ['HTTP/1.1 201 Created', 'X-A: b: c', 'Set-Cookie: a=1', 'set-cookie: b=2', '', 'body', 'more'].join(line),
    );
    expect(response.status).toBe(201);
    expect([...response.headers]).toEqual([
      ['x-a', 'b: c'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    expect(response.body).toBe(`body${line}more`);
  });

  test.each(['HTTP/1.1 204 No Content', 'HTTP/1.0 204', 'HTTP/1.1 204 \r\n\r\n'])('reads %j', (text) => {
    expect(HttpResponse.raw(text)).toMatchObject({ status: 204, body: '' });
  });

  test('takes the length from the body, whatever the text says', async () => {
    const { server } = portless((app) =>
      app.get('/', () => HttpResponse.raw('HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\né')),
    );
    const response = await server.fetch('/');
    expect(response.headers.get('content-length')).toBe('2');
    expect(response.headers.has('connection')).toBe(false);
    expect(await response.text()).toBe('é');
  });

  test.each([
    ['nothing', ''],
    ['plain text', 'Hello'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['a status of 1xx', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nx-a\r\n\r\n'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: a\r\n\r\n'],
    ['a header name with a blank', 'HTTP/1.1 200 OK\r\nx a: b\r\n\r\n'],
    ['a header value with a CR', 'HTTP/1.1 200 OK\r\nx-a: b\rc\r\n\r\n'],
    ['a body in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ])('refuses %s', (_what, text) => {
    expect(() => HttpResponse.raw(text)).toThrow(expect.objectContaining({ name: 'ReplyError' }));
  });

  test('is never applied to a plain string, of which debug mode warns', async () => {
    const { server, log } = portless((app) => app.get('/', () => 'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n'));
    const response = await server.fetch('/');
    expect(response.status).toBe(200);
    expect(response.headers.has('location')).toBe(false);
    expect(log.at('warn')).toHaveLength(1);
  });
});
