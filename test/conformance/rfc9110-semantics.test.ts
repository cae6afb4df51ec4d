import { type HttpServer, HttpResponse } from 'portlight';
import { describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import type { WireResponse } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from './lanes.ts';

const app = (server: HttpServer): unknown =>
  server
    .get('/text', () => 'Hello')
    .get('/json', () => ({ a: 'é' }))
    .get('/empty', () => '')
    .get('/bytes', () => new Uint8Array(3))
    .get('/header', () => HttpResponse.text('x').header('x-a', 'b').cookie('c', 'd'))
    .get('/stream', () => ['a', 'b'].values())
    .get('/measured', () => HttpResponse.stream(['abc'].values()).header('content-length', '3'))
    .get('/redirect', () => HttpResponse.redirect('/text'))
    .get('/500', () => {
      throw new Error('secret');
    })
    .get('/204', () => new HttpResponse('ignored', { status: 204 }))
    .get('/205', () => new HttpResponse('ignored', { status: 205 }))
    .get('/304', () => new HttpResponse('ignored', { status: 304, headers: { etag: '"a"' } }))
    .get('/nothing', () => undefined)
    .post('/echo', (each) => each.text())
    .post('/unread', () => 'unread')
    .put('/small', { maxBodyBytes: 4 }, (each) => each.text())
    .route('PROPFIND|GET', '/dav', (each) => each.method)
    .all('/any', (each) => each.method);

describe.each(LANES)('RFC 9110 on the lane $name', ({ options }) => {
  const ask = async (...bytes: readonly string[]): Promise<readonly WireResponse[]> => {
    await using open = await openServer(app, options);
    await using client = await RawClient.open(open.port);
    const heads = bytes.flatMap((each, index) => (each.startsWith('HEAD') ? [index] : []));
    return await client.send(bytes.join('')).responses(bytes.length, heads);
  };

  describe('§9.3.2 HEAD', () => {
    test.each([
      '/text',
      '/json',
      '/empty',
      '/bytes',
      '/header',
      '/stream',
      '/measured',
      '/redirect',
      '/500',
      '/204',
      '/205',
      '/304',
      '/nothing',
      '/none',
      '/a/../b',
    ])('of %s has the head of GET, no body, and a next request', async (path) => {
      const [head, got, next] = await ask(request('HEAD', path), get(path), get('/text'));
      // A coding may be left out (RFC 9112 §6.1).
      const fields = ({ headers }: WireResponse): unknown =>
        Object.fromEntries([...headers].filter(([name]) => name !== 'date' && name !== 'transfer-encoding'));
      expect(head?.status).toBe(got?.status);
      expect(fields(head as WireResponse)).toEqual(fields(got as WireResponse));
      expect(next?.body).toBe('Hello');
    });
  });

  describe('§15 responses without a body', () => {
    test('204 has no length and no coding (§8.6)', async () => {
      const [response, next] = await ask(get('/204'), get('/text'));
      expect([response?.headers.has('content-length'), response?.headers.has('transfer-encoding'), next?.body]).toEqual(
        [false, false, 'Hello'],
      );
    });

    test('205 has a length of 0 (§15.3.6)', async () => {
      const [response, next] = await ask(get('/205'), get('/text'));
      expect([response?.headers.get('content-length'), response?.body, next?.body]).toEqual(['0', '', 'Hello']);
    });

    test('304 keeps its validator (§15.4.5) and has no coding', async () => {
      const [response, next] = await ask(get('/304'), get('/text'));
      expect([response?.headers.get('etag'), response?.headers.has('transfer-encoding'), next?.body]).toEqual([
        '"a"',
        false,
        'Hello',
      ]);
    });
  });

  test.each(['/text', '/none', '/500', '/204', '/304', '/redirect', '/stream'])(
    '§6.6.1 the response of %s has one Date',
    async (path) => {
      const [response] = await ask(get(path));
      expect(response?.headers.get('date')).toMatch(
        /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/,
      );
    },
  );

  test.each(['GARBAGE\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n'])('§6.6.1 the response to %j has one Date', async (bytes) => {
    const [response] = await ask(bytes);
    expect(Date.parse(response?.headers.get('date') ?? '')).toBeGreaterThan(0);
  });

  test('no response has both a length and a coding (RFC 9112 §6.2)', async () => {
    for (const response of await ask(
      ...['/text', '/stream', '/measured', '/none', '/500', '/redirect'].map((path) => get(path)),
    )) {
      expect(response.headers.has('content-length') && response.headers.has('transfer-encoding')).toBe(false);
    }
  });

  describe('§15.5.6, §10.2.1 a method that a path does not take', () => {
    test.each<[string, string, readonly string[]]>([
      ['DELETE', '/text', ['GET', 'HEAD', 'OPTIONS']],
      ['GET', '/echo', ['OPTIONS', 'POST']],
      ['HEAD', '/echo', ['OPTIONS', 'POST']],
      ['TRACE', '/text', ['GET', 'HEAD', 'OPTIONS']],
      ['PROPFIND', '/text', ['GET', 'HEAD', 'OPTIONS']],
      ['PUT', '/dav', ['GET', 'HEAD', 'OPTIONS', 'PROPFIND']],
    ])('%s %s is 405 with Allow', async (method, path, allow) => {
      const [response] = await ask(request(method, path));
      expect([response?.status, response?.headers.get('allow')?.split(', ').sort()]).toEqual([405, allow]);
    });

    test.each(['/text', '/echo', '/dav'])('OPTIONS %s is 204 with Allow (§9.3.7)', async (path) => {
      const [response] = await ask(request('OPTIONS', path));
      expect([response?.status, response?.headers.get('allow')]).toEqual([204, expect.stringContaining('OPTIONS')]);
    });

    test.each(['get', 'Get', 'GETX', 'G', 'FOO', 'M-GET'])('the unknown method %s is refused', async (method) => {
      const [response] = await ask(request(method, '/text'));
      expect([400, 405, 501]).toContain(response?.status);
    });

    test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'PURGE', 'QUERY', 'TRACE'])(
      'a route for all takes %s',
      async (method) => {
        const [response] = await ask(request(method, '/any'));
        expect([response?.status, response?.body]).toEqual([200, method]);
      },
    );
  });

  describe('§10.1.1 Expect', () => {
    const expecting = (method: string, path: string, length: number, version = '1.1', value = '100-continue'): string =>
      `${method} ${path} HTTP/${version}\r\nhost: a\r\ncontent-length: ${length}\r\nexpect: ${value}\r\nconnection: close\r\n\r\n`;
    /** The status lines of all that comes, the body being sent when it is asked for. */
    const statuses = async (bytes: string, body: string): Promise<readonly string[]> => {
      await using open = await openServer(app, options);
      await using client = await RawClient.open(open.port);
      client.send(bytes);
      await client.until(() => client.received.includes('\r\n\r\n'), 'a first response');
      if (client.received.startsWith('HTTP/1.1 100 ')) client.send(body);
      else client.sendFin();
      return (await client.ended()).match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? [];
    };

    test.each(['100-continue', '100-Continue', '100-CONTINUE'])(
      '%s: 100, and the answer when the body is there',
      async (value) => {
        expect(await statuses(expecting('POST', '/echo', 4, '1.1', value), 'body')).toEqual(['100', '200']);
      },
    );

    test.each<[string, string, string, number, string]>([
      ['a body over the limit', 'PUT', '/small', 5, '413'],
      ['a body over the limit of the server', 'POST', '/echo', 2_000_000, '413'],
      ['a path without a route', 'POST', '/none', 4, '404'],
      ['a method that is not taken', 'POST', '/text', 4, '405'],
      ['a path that is refused', 'POST', '/a/../b', 4, '400'],
      ['a handler that reads no body', 'POST', '/unread', 4, '200'],
    ])('no 100 for %s', async (_what, method, path, length, status) => {
      expect(await statuses(expecting(method, path, length), 'body')).toEqual([status]);
    });

    test.each(['banana', '100-continue, x', '200-ok', ''])('417 for %j', async (value) => {
      expect(await statuses(expecting('POST', '/echo', 4, '1.1', value), 'body')).toEqual(['417']);
    });

    test('HTTP/1.0 never gets a 100', async () => {
      await using open = await openServer(app, options);
      await using client = await RawClient.open(open.port);
      const text = await client.send(`${expecting('POST', '/echo', 4, '1.0')}body`).ended();
      expect(text.match(/(?<=HTTP\/1\.1 )\d{3}/g)).toEqual(['200']);
    });
  });

  test.each<[string, string, number]>([
    ['a length over the limit', request('PUT', '/small', [], 'abcde'), 413],
    [
      'chunks over the limit by a byte',
      request('PUT', '/small', ['transfer-encoding: chunked']) + '5\r\nabcde\r\n0\r\n\r\n',
      413,
    ],
    ['chunks at the limit', request('PUT', '/small', ['transfer-encoding: chunked']) + '4\r\nabcd\r\n0\r\n\r\n', 200],
    ['a length at the limit', request('PUT', '/small', [], 'abcd'), 200],
  ])('§15.5.14 %s', async (_what, bytes, status) => {
    expect((await ask(bytes))[0]?.status).toBe(status);
  });
});
