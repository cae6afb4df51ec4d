import { HttpError, type HttpServer } from 'portlight';
import { STATUS_CODES } from 'node:http';
import { describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import type { WireResponse } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from './lanes.ts';

const MARK = '<script>alert(1)</script>';

const app = (server: HttpServer): unknown =>
  server
    .get('/text', () => 'x')
    .get('/throws', () => {
      throw new Error(`the password is ${MARK}`);
    })
    .get('/throws-text', () => {
      throw `the password is ${MARK}` as unknown as Error;
    })
    .get('/throws-nothing', () => {
      throw undefined as unknown as Error;
    })
    .get('/error', () => {
      throw new HttpError(409, `Taken: ${MARK}`, { code: 'NAME_TAKEN' });
    })
    .get('/hidden', () => {
      throw new HttpError(503, 'the password', { headers: { 'retry-after': '5' } });
    })
    .get('/shown', () => {
      throw new HttpError(503, 'Back at noon.', { expose: true });
    })
    .get('/teapot', () => {
      throw new HttpError(418, 'Short and stout.');
    })
    .post('/small', { maxBodyBytes: 1 }, (each) => each.text())
    .post('/json', (each) => each.json());

describe.each(LANES)('RFC 9457 on the lane $name', ({ options }) => {
  const ask = async (bytes: string): Promise<WireResponse> => {
    await using open = await openServer(app, options);
    await using client = await RawClient.open(open.port);
    const [response] = await client.send(bytes).responses(1, bytes.startsWith('HEAD') ? [0] : []);
    return response as WireResponse;
  };

  test.each<[string, string, number, string]>([
    ['no route', get('/none'), 404, 'ERR_PORTLIGHT_NOT_FOUND'],
    ['another method', request('PUT', '/text'), 405, 'ERR_PORTLIGHT_METHOD_NOT_ALLOWED'],
    ['a path that is refused', get('/a/../b'), 400, 'ERR_PORTLIGHT_BAD_REQUEST'],
    ['a body over the limit', request('POST', '/small', [], 'ab'), 413, 'ERR_PORTLIGHT_PAYLOAD_TOO_LARGE'],
    [
      'a body that is no JSON',
      request('POST', '/json', ['content-type: application/json'], '{'),
      400,
      'ERR_PORTLIGHT_MALFORMED_BODY',
    ],
    [
      'a body that is compressed',
      request('POST', '/json', ['content-encoding: gzip'], '{}'),
      415,
      'ERR_PORTLIGHT_UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a handler that fails', get('/throws'), 500, 'ERR_PORTLIGHT_INTERNAL'],
    ['a handler that throws a string', get('/throws-text'), 500, 'ERR_PORTLIGHT_INTERNAL'],
    ['a handler that throws nothing', get('/throws-nothing'), 500, 'ERR_PORTLIGHT_INTERNAL'],
    ['an error with a code of its own', get('/error'), 409, 'NAME_TAKEN'],
    ['an error that is not exposed', get('/hidden'), 503, 'ERR_PORTLIGHT_SERVICE_UNAVAILABLE'],
    ['an error that is exposed', get('/shown'), 503, 'ERR_PORTLIGHT_SERVICE_UNAVAILABLE'],
    ['an error of a rare status', get('/teapot'), 418, 'ERR_PORTLIGHT_HTTP'],
    ['no HTTP', 'GARBAGE\r\n\r\n', 400, 'ERR_PORTLIGHT_BAD_REQUEST'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'ERR_PORTLIGHT_BAD_REQUEST'],
    ['a head over the limit', get('/', `x: ${'y'.repeat(20_000)}`), 431, 'ERR_PORTLIGHT_HEADERS_TOO_LARGE'],
    ['a target over the limit', get(`/${'a'.repeat(9_000)}`), 414, 'ERR_PORTLIGHT_HTTP'],
    ['an expectation that is unknown', request('POST', '/json', ['expect: x'], '{}'), 417, 'ERR_PORTLIGHT_HTTP'],
    ['a tunnel', 'CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n', 501, 'ERR_PORTLIGHT_HTTP'],
  ])('%s', async (_what, bytes, status, code) => {
    const response = await ask(bytes);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    const problem = JSON.parse(response.body) as Record<string, unknown>;
    expect(problem).toMatchObject({ status, code, title: expect.stringMatching(/./) });
    // Without a type it is about:blank, whose title is the phrase of the status (§4.2.1).
    if (problem['type'] === undefined || problem['type'] === 'about:blank')
      expect([STATUS_CODES[status], title(status)]).toContain(problem['title']);
    for (const member of ['type', 'title', 'detail', 'instance', 'code'])
      expect(['string', 'undefined']).toContain(typeof problem[member]);
    expect(response.body).not.toMatch(/password|\n\s+at /);
  });

  test('a problem for HEAD has no body', async () => {
    const response = await ask(request('HEAD', '/none'));
    expect([response.status, response.headers.get('content-type'), response.body]).toEqual([
      404,
      'application/problem+json',
      '',
    ]);
  });

  test.each(['/throws', '/hidden'])('what went wrong at %s stays here', async (path) => {
    expect(JSON.parse((await ask(get(path))).body)).not.toHaveProperty('detail');
  });

  test('a message that is exposed is the detail, and fields of the error are sent', async () => {
    expect(JSON.parse((await ask(get('/shown'))).body)).toMatchObject({ detail: 'Back at noon.' });
    expect((await ask(get('/hidden'))).headers.get('retry-after')).toBe('5');
  });

  test.each([`/${encodeURIComponent(MARK)}`, `/?x=${encodeURIComponent(MARK)}`])(
    '%s is not repeated',
    async (target) => {
      expect((await ask(get(target))).body).not.toContain('script');
    },
  );
});

/** What RFC 9110 calls a status now, where Node has the old name. */
function title(status: number): string {
  return { 413: 'Content Too Large', 414: 'URI Too Long' }[status] ?? '';
}
