import { HttpResponse, HttpServer, type ServerOptions } from 'portlight';
import { describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import type { WireResponse } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from './lanes.ts';
import { cpuTimeMs } from '../../packages/portlight/test/support/cpu-time.ts';

/** Far above what any of these takes, and far below what a blow-up takes. */
const AT_MOST_MS = 2_000;

describe.each(LANES)('advisories of Express and its family on the lane $name', ({ options }) => {
  const ask = async (
    register: (server: HttpServer) => unknown,
    bytes: string,
    more: ServerOptions = {},
  ): Promise<WireResponse> => {
    await using open = await openServer(register, { ...options, ...more });
    await using client = await RawClient.open(open.port);
    const startedAt = cpuTimeMs();
    const response = await client.send(bytes).response();
    expect(cpuTimeMs() - startedAt).toBeLessThan(AT_MOST_MS);
    expect(open.log.at('error')).toEqual([]);
    return response;
  };

  test.each<[string, string, string]>([
    ['CVE-2024-45296', '/:a-:b', `/${'a'.repeat(50_000)}!`],
    ['CVE-2024-52798', '/:a.:b/:c', `/${'a'.repeat(50_000)}!`],
    ['CVE-2024-45813', '/:foo-:bar-', `/${'-'.repeat(16_000)}a`],
    ['CVE-2026-4926', '/*a-x/*b-y', `/${'-x/'.repeat(16_000)}!`],
  ])('%s: the pattern %s is decided quickly', async (_id, pattern, path) => {
    const response = await ask((server) => server.get(pattern as '/', () => 'x'), get(path), {
      maxUrlBytes: 100_000,
      maxHeaderBytes: 200_000,
    });
    expect([200, 404]).toContain(response.status);
  });

  test('CVE-2026-4926: twenty optional groups are refused, or registered quickly', () => {
    const startedAt = cpuTimeMs();
    try {
      new HttpServer().get(Array.from({ length: 20 }, (_, index) => `{/a${index}}`).join('') as '/', () => 'x');
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_PORTLIGHT_INVALID_PATTERN' });
    }
    expect(cpuTimeMs() - startedAt).toBeLessThan(AT_MOST_MS);
  });

  test.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'http:\\\\evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '/"><script>',
    '\tjavascript:alert(1)',
  ])(
    'CVE-2024-29041, CVE-2024-43796: a redirect to %j brings no script and moves no authority by a trick',
    async (target) => {
      await using open = await openServer((server) => server.get('/', () => HttpResponse.redirect(target)), options);
      await using client = await RawClient.open(open.port);
      const { status, headers, body } = await client.send(get('/')).response();
      expect(body).not.toMatch(/<script|javascript:/i);
      if (status >= 500) return;
      const location = headers.get('location') ?? '';
      expect(location).not.toMatch(/\\|^\s/);
    },
  );

  test('CVE-2022-24999, CVE-2025-15284, CVE-2026-2391: a query stays flat', async () => {
    const query = '__proto__[x]=1&constructor[prototype][x]=1&a[]=1&b=1,2,,3&__proto__=2';
    const response = await ask(
      (server) => server.get('/', (each) => ({ query: each.query, polluted: ({} as { x?: string }).x ?? 'no' })),
      get(`/?${query}`),
    );
    expect(response.body).toBe(
      '{"query":{"__proto__[x]":"1","constructor[prototype][x]":"1","a[]":"1","b":"1,2,,3","__proto__":"2"},"polluted":"no"}',
    );
  });

  test('CVE-2024-45590, CVE-2025-13466: a form of a million names has an answer soon', async () => {
    const register = (server: HttpServer): unknown =>
      server.post('/', async (each) => [...(await each.formData()).keys()].length);
    for (const body of ['a&'.repeat(500_000), `a${'[b]'.repeat(300_000)}=1`]) {
      const response = await ask(
        register,
        request('POST', '/', ['content-type: application/x-www-form-urlencoded'], body),
      );
      expect([200, 400, 413]).toContain(response.status);
    }
  });

  test.each(['abc', Number.NaN, -1, '1mbb', '10', Number.POSITIVE_INFINITY, null, 1.5, {}, []])(
    'GHSA-v422-hmwv-36x6: the limit %j throws and never means none',
    (limit) => {
      for (const name of ['maxBodyBytes', 'maxHeaderBytes', 'maxHeaderLines', 'maxUrlBytes']) {
        expect(() => new HttpServer('127.0.0.1', 0, { [name]: limit })).toThrow(
          expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
        );
      }
      expect(() => new HttpServer().post('/', { maxBodyBytes: limit as number }, () => 'x')).toThrow(
        expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
      );
    },
  );

  test.each<[string, () => unknown]>([
    ['a line end in the name', () => HttpResponse.text('').cookie('a\r\nb', 'x')],
    ['a semicolon in the name', () => HttpResponse.text('').cookie('a;b', 'x')],
    ['an equals sign in the name', () => HttpResponse.text('').cookie('a=b', 'x')],
    ['no name', () => HttpResponse.text('').cookie('', 'x')],
    ['a semicolon in the path', () => HttpResponse.text('').cookie('a', 'x', { path: '/;b' })],
    ['a semicolon in the domain', () => HttpResponse.text('').cookie('a', 'x', { domain: 'a;b' })],
    ['another sameSite (2026-03)', () => HttpResponse.text('').cookie('a', 'x', { sameSite: 'x; b' as 'lax' })],
    ['another priority (2026-04)', () => HttpResponse.text('').cookie('a', 'x', { priority: 'x; b' as 'low' })],
    [
      'a maxAge that is no number',
      () => HttpResponse.text('').cookie('a', 'x', { maxAge: '1; b' as unknown as number }),
    ],
  ])('CVE-2024-47764: a cookie with %s throws', (_what, make) => {
    expect(make).toThrow();
  });

  const multipart = (type: string, body: string): string => request('POST', '/', [`content-type: ${type}`], body);
  test.each<[string, string]>([
    ['no boundary', multipart('multipart/form-data', '--b\r\n\r\n')],
    ['an empty boundary', multipart('multipart/form-data; boundary=', '--\r\n\r\n')],
    ['a boundary of 10 KB', multipart(`multipart/form-data; boundary=${'b'.repeat(10_000)}`, 'x')],
    [
      'another boundary',
      multipart(
        'multipart/form-data; boundary=b',
        '--c\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--c--\r\n',
      ),
    ],
    [
      'no last boundary',
      multipart('multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n'),
    ],
    ['a line without a colon', multipart('multipart/form-data; boundary=b', '--b\r\nbad\r\n\r\n1\r\n--b--\r\n')],
    ['half a part', multipart('multipart/form-data; boundary=b', '--b\r\ncontent-dispo')],
    [
      'half a boundary',
      multipart('multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--'),
    ],
    ['nothing', multipart('multipart/form-data; boundary=b', '')],
    [
      'a part head of 100 KB',
      multipart('multipart/form-data; boundary=b', `--b\r\nx: ${'y'.repeat(100_000)}\r\n\r\n1\r\n--b--\r\n`),
    ],
  ])('CVE-2025-47935, CVE-2025-48997, CVE-2022-24434 and others: a form with %s is refused', async (_what, bytes) => {
    expect([400, 413, 415]).toContain(
      (await ask((server) => server.post('/', async (each) => [...(await each.formData()).keys()]), bytes)).status,
    );
  });

  test.each<[string, string]>([
    ['no name', '--b\r\ncontent-disposition: form-data\r\n\r\n1\r\n--b--\r\n'],
    ['an empty name', '--b\r\ncontent-disposition: form-data; name=""\r\n\r\n1\r\n--b--\r\n'],
    ['a name of objects', '--b\r\ncontent-disposition: form-data; name="__proto__"\r\n\r\n1\r\n--b--\r\n'],
    ['a nested name of objects', '--b\r\ncontent-disposition: form-data; name="__proto__.x"\r\n\r\n1\r\n--b--\r\n'],
  ])('CVE-2025-7338, GHSA-g6gw: a part with %s ends no process and changes no object', async (_what, body) => {
    const register = (server: HttpServer): unknown =>
      server.post('/', async (each) => [[...(await each.formData()).keys()], ({} as { x?: string }).x ?? 'no']);
    const response = await ask(register, multipart('multipart/form-data; boundary=b', body));
    expect([200, 400]).toContain(response.status);
    if (response.status === 200) expect(JSON.parse(response.body)).toEqual([expect.any(Array), 'no']);
  });
});
