import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpResponse, type HttpServer, Router } from 'portlight';
import { describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { LANES } from './lanes.ts';
import { chunked, head, post, refusalOf } from './strict-app.ts';
import { TARGETS } from './target-forms.ts';

describe.each(LANES)('advisories of Hono, h3, koa and others on the lane $name', (lane) => {
  const { options } = lane;

  test('GHSA-f6gv: params of one request are never those of another', async () => {
    await using open = await openServer(
      (server) =>
        server.get('/a/:x', async (each) => (await Promise.resolve(), each.params)).get('/b/:y', (each) => each.params),
      options,
    );
    await using client = await RawClient.open(open.port);
    const paths = Array.from({ length: 10_000 }, (_, index) => (index % 2 === 0 ? `/a/${index}` : `/b/${index}`));
    const responses = await client.send(paths.map((path) => get(path)).join('')).responses(paths.length);
    expect(
      responses.findIndex(({ body }, index) => body !== (index % 2 === 0 ? `{"x":"${index}"}` : `{"y":"${index}"}`)),
    ).toBe(-1);
  });

  test('GHSA-3mpf, CVE-2026-29045, CVE-2026-29087, GHSA-92pp, GHSA-frvp: no form of a path leads to a guarded file or out of the folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portlight-files-'));
    const root = join(folder, 'root');
    await mkdir(join(root, 'admin'), { recursive: true });
    for (const file of ['outside', 'root/admin/secret', 'root/admin/other'])
      await writeFile(join(folder, file), 'SECRET');
    const register = (server: HttpServer): unknown =>
      server
        .use('/admin/*rest', () => HttpResponse.text('guarded', { status: 403 }))
        .get('/*path', (each) => HttpResponse.file(each.params.path, { root }));
    try {
      await using open = await openServer(register, options);
      const escapes = [
        '/../outside',
        '/%2e%2e/outside',
        '/..%2foutside',
        '/%2e%2e%2foutside',
        '/..%5coutside',
        '/a/..%2f..%2foutside',
        '/%252e%252e%252foutside',
        '//outside',
        `/${encodeURIComponent(join(folder, 'outside'))}`,
        '/admin%2fsecret',
        '/./admin%2f%2e%2fsecret',
      ];
      const texts = await Promise.all(
        [...TARGETS.map(([target]) => target), ...escapes].map(async (target) => {
          await using client = await RawClient.open(open.port);
          return [
            target,
            await client.send(head(`GET ${target} HTTP/1.1`, 'host: a', 'connection: close')).ended(),
          ] as const;
        }),
      );
      expect(texts.filter(([, text]) => text.includes('SECRET')).map(([target]) => target)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each(['http://a?x/admin', 'http://a#/admin', '//admin', 'http://a?/admin/secret', 'http://admin/'])(
    'CVE-2025-58362: the path is cut out of %s once, for all',
    async (target) => {
      const paths: string[] = [];
      await using open = await openServer(
        (server) =>
          server
            .use((each, next) => (paths.push(each.path), next()))
            .get('/admin', () => 'SECRET')
            .all(null, (each) => each.path),
        options,
      );
      await using client = await RawClient.open(open.port);
      const { status, body } = await client.send(head(`GET ${target} HTTP/1.1`, 'host: a')).response();
      expect(body).not.toBe('SECRET');
      expect(status === 200 ? paths : []).toEqual(status === 200 ? [body] : []);
    },
  );

  test.each<[string, string, string]>([
    ['CVE-2025-59139: declared', '/ignore', request('POST', '/ignore', [], 'abcde')],
    [
      'GHSA-9vqf: in chunks, to a handler that reads',
      '/read',
      request('POST', '/read', ['transfer-encoding: chunked']) + '5\r\nabcde\r\n0\r\n\r\n',
    ],
    [
      'in chunks, to a handler that takes what it gets',
      '/swallow',
      request('POST', '/swallow', ['transfer-encoding: chunked']) + '2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n',
    ],
    [
      'in chunks, to a middleware that reads',
      '/middleware',
      request('POST', '/middleware', ['transfer-encoding: chunked']) + '5\r\nabcde\r\n0\r\n\r\n',
    ],
  ])('%s: no byte over the limit reaches an app', async (_what, path, bytes) => {
    let most = 0;
    let called = false;
    const register = (server: HttpServer): unknown =>
      server
        .use('/middleware', async (each, next) => ((most = (await each.bytes()).byteLength), next()))
        .post('/middleware', () => 'x')
        .post('/ignore', () => ((called = true), 'x'))
        .post('/read', async (each) => ((most = (await each.bytes()).byteLength), 'x'))
        .post('/swallow', async (each) => {
          const reader = each.stream().getReader();
          for (let part = await reader.read(); !part.done; part = await reader.read()) most += part.value.byteLength;
          return 'x';
        });
    await using open = await openServer(register, { ...options, maxBodyBytes: 4 });
    await using client = await RawClient.open(open.port);
    expect([path, (await client.send(bytes).response()).status]).toEqual([path, 413]);
    expect([most <= 4, called]).toEqual([true, false]);
  });

  test('GHSA-crvj: nothing is read behind a #', async () => {
    expect(await refusalOf(lane, head('GET /head#?x=1 HTTP/1.1', 'host: a', 'connection: close'))).toMatchObject({
      statuses: ['400'],
      seen: [],
    });
  });

  test('CVE-2026-47676: a prefix in other letters is cut where it ends', async () => {
    await using open = await openServer(
      (server) =>
        server.mount(
          '/caf\u00e9',
          new Router().get('/*rest', (each) => [each.params.rest, each.path]),
        ),
      options,
    );
    await using client = await RawClient.open(open.port);
    const responses = await client
      .send(['/caf%C3%A9/a', '/caf%c3%a9/a/b', '/%63af%C3%A9/%61'].map((path) => get(path)).join(''))
      .responses(3);
    const rests = responses.map(({ body }) => (JSON.parse(Buffer.from(body, 'latin1').toString()) as [string[]])[0]);
    expect(rests).toEqual([['a'], ['a', 'b'], ['a']]);
  });

  test.each(['chunked', 'ChunKeD', 'CHUNKED'])(
    'CVE-2026-23527: the coding %s is a body, and the next request is whole',
    async (coding) => {
      await using open = await openServer(
        (server) => server.post('/echo', (each) => each.text()).get('/', () => 'Hello'),
        options,
      );
      await using client = await RawClient.open(open.port);
      const [echo, next] = await client
        .send(post([`transfer-encoding: ${coding}`], '3\r\nabc\r\n0\r\n\r\n') + get('/'))
        .responses(2);
      expect([echo?.body, next?.body]).toEqual(['abc', 'Hello']);
    },
  );

  test.each(['a/abc?', 'a/admin#', 'evil:x@good', 'u@h', 'a\\b', '[::'])(
    'CVE-2026-33131, CVE-2026-48710, CVE-2026-27959: the Host %s moves no path',
    async (host) => {
      expect(await refusalOf(lane, head('GET / HTTP/1.1', `host: ${host}`))).toMatchObject({
        statuses: ['400'],
        seen: [],
      });
    },
  );

  test('CVE-2025-25200: forwarding fields of 15 KB are not looked through', async () => {
    await using open = await openServer((server) => server.get('/', (each) => each.url.protocol), options);
    await using client = await RawClient.open(open.port);
    for (const [index, name] of [
      'x-forwarded-proto',
      'x-forwarded-host',
      'forwarded',
      'cookie',
      'accept',
      'content-type',
      'range',
    ].entries()) {
      const responses = await client.send(get('/', `${name}: ${'http ,;='.repeat(1_900)}`)).responses(index + 1);
      expect(responses.at(-1)).toMatchObject({ status: 200, body: 'http:' });
    }
  });

  test('GHSA-rqg5: an error shows no markup of the request and no stack', async () => {
    await using open = await openServer(
      (server) =>
        server.get('/', () => {
          throw new Error('<b>secret</b>');
        }),
      options,
    );
    await using client = await RawClient.open(open.port);
    const [failed, missing] = await client.send(get('/') + get('/%3Cscript%3E')).responses(2);
    expect([failed?.headers.get('content-type'), missing?.headers.get('content-type')]).toEqual([
      'application/problem+json',
      'application/problem+json',
    ]);
    expect(`${failed?.body}${missing?.body}`).not.toMatch(/<|script|secret|\n\s+at /);
  });

  test('GHSA-w65r: ranges without an end have one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portlight-ranges-'));
    await writeFile(join(folder, 'file'), '0123456789');
    try {
      await using open = await openServer(
        (server) => server.get('/', () => HttpResponse.file('file', { root: folder })),
        options,
      );
      await using client = await RawClient.open(open.port);
      const ranges = [
        'bytes=-,0-',
        `bytes=${'-,'.repeat(5_000)}0-`,
        `bytes=${'0-1,'.repeat(3_000)}`,
        'bytes=,',
        'bytes=--1',
        `bytes=${' '.repeat(10_000)}0-1`,
        `bytes=0-${'9'.repeat(10_000)}`,
      ];
      const responses = await client
        .send(ranges.map((range) => get('/', `range: ${range}`)).join(''))
        .responses(ranges.length);
      expect(responses.filter(({ status }) => ![200, 206, 416].includes(status))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('2026-07, a body that is broken off: a thousand of them leave nothing open', async () => {
    await using open = await openServer(
      (server) => server.post('/', (each) => each.formData().then(() => 'x')).get('/', () => 'x'),
      options,
    );
    await Promise.all(
      Array.from({ length: 1_000 }, async (_, index) => {
        await using client = await RawClient.open(open.port);
        client
          .send(
            index % 2 === 0
              ? post(['content-type: multipart/form-data; boundary=b', 'content-length: 99'], '--b\r\n')
              : chunked('5\r\nab'),
          )
          .sendFin();
        await client.ended();
      }),
    );
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/')).response()).status).toBe(200);
  });
});
