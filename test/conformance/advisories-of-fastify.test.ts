import type { HttpServer } from 'portlight';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import type { WireResponse } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from './lanes.ts';

describe.each(LANES)('advisories of Fastify and its family on the lane $name', ({ options }) => {
  const ask = async (
    register: (server: HttpServer) => unknown,
    ...bytes: readonly string[]
  ): Promise<readonly WireResponse[]> => {
    await using open = await openServer(register, options);
    await using client = await RawClient.open(open.port);
    const responses = await client.send(bytes.join('')).responses(bytes.length);
    expect(open.log.at('error')).toEqual([]);
    return responses;
  };
  const checked = (server: HttpServer): unknown =>
    server.post('/', { body: z.object({ role: z.literal('user') }) }, (each) => each.body);
  const bad = '{"role":"admin"}';
  const good = '{"role":"user"}';

  test.each([
    '',
    '""',
    '/',
    ';',
    'application',
    'application/',
    '/json',
    'text/plain',
    'text/plain; application/json',
    'multipart/form-data',
    'image/png',
    'application/jsonx',
    'xapplication/json',
    'application/json garbage',
    'application/json\ta',
    'application/json,text/plain',
    'application json',
  ])('CVE-2022-39288, CVE-2022-41919, CVE-2026-25223, CVE-2026-3419: the type %j carries no JSON', async (type) => {
    const [response] = await ask(checked, request('POST', '/', [`content-type: ${type}`], good));
    expect([400, 415]).toContain(response?.status);
  });

  test.each([
    'application/json',
    'Application/JSON',
    'application/JSON; charset=utf-8',
    'application/json;charset=UTF-8',
    ' application/json ',
    'application/json ; a=b',
    'application/json;;;',
    'application/problem+json',
    'APPLICATION/LD+JSON',
  ])('CVE-2025-32442: what is read as JSON is checked as JSON, of the type %j', async (type) => {
    const [refused, taken] = await ask(
      checked,
      request('POST', '/', [`content-type: ${type}`], bad),
      request('POST', '/', [`content-type: ${type}`], good),
    );
    expect([
      [400, 200],
      [415, 415],
    ]).toContainEqual([refused?.status, taken?.status]);
  });

  test('CVE-2026-25224: a stream waits for a client that does not read', async () => {
    const made = { bytes: 0 };
    const chunk = new Uint8Array(64 * 1024);
    const register = (server: HttpServer): unknown =>
      server
        .get(
          '/endless',
          () =>
            new ReadableStream({
              pull: (controller) => {
                made.bytes += chunk.length;
                controller.enqueue(chunk);
              },
            }),
        )
        .get('/', () => 'x');
    await using open = await openServer(register, options);
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/endless'));
    await using other = await RawClient.open(open.port);
    // Nothing new in a hundred turns of the server: it waits.
    let asked = 0;
    let before = -1;
    while (made.bytes === 0 || before !== made.bytes) {
      before = made.bytes;
      for (let turn = 0; turn < 100; turn++) await other.send(get('/')).responses(++asked);
      expect(made.bytes).toBeLessThan(16_000_000);
    }
  });

  test('CVE-2026-3635: what a client says of itself in forwarding fields is not believed', async () => {
    const lines = [
      'x-forwarded-for: 203.0.113.1',
      'x-forwarded-host: evil.example',
      'x-forwarded-proto: https',
      'forwarded: for=203.0.113.1;host=evil.example;proto=https',
      'x-real-ip: 203.0.113.1',
      'x-forwarded-port: 1',
      'x-forwarded-prefix: /admin',
      'x-original-url: /admin',
      'x-rewrite-url: /admin',
      'x-http-method-override: DELETE',
    ];
    const [response] = await ask(
      (server) => server.get('/', (each) => [each.ip, each.url.href, each.path, each.method]),
      get('/', ...lines),
    );
    expect(JSON.parse(response?.body ?? '')).toEqual(['127.0.0.1', 'http://test/', '/', 'GET']);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'find-my-way 2026-05: %s is no method, no route and no param',
    async (name) => {
      await using open = await openServer(
        (server) => server.get('/a', () => 'x').get('/one/:id', (each) => [each.params.id, Object.keys(each.params)]),
        options,
      );
      for (const method of [name, name.toUpperCase()]) {
        await using client = await RawClient.open(open.port);
        expect([400, 405, 501]).toContain((await client.send(request(method, '/a')).response()).status);
      }
      await using client = await RawClient.open(open.port);
      const [none, one] = await client.send(get(`/${name}`) + get(`/one/${name}`)).responses(2);
      expect([none?.status, JSON.parse(one?.body ?? '')]).toEqual([404, [name, ['id']]]);
      const portless = await open.server.fetch('/a', { method: name });
      expect([400, 404, 405, 501]).toContain(portless.status);
    },
  );

  test('find-my-way #441, #425, #451: captures that are empty, and a host in the target', async () => {
    const register = (server: HttpServer): unknown =>
      server
        .get(/\/x(?<a>-\d+)?(?<b>\.\w+)?/, (each) => [each.params['a'] ?? null, each.params['b'] ?? null])
        .get('/y{/:c}', (each) => [each.params.c ?? null]);
    const [both, none, optional, host] = await ask(
      register,
      get('/x-1.txt'),
      get('/x'),
      get('/y'),
      get('http://evil//x'),
    );
    expect([both?.body, none?.body, optional?.body, host?.status]).toEqual([
      '["-1",".txt"]',
      '[null,null]',
      '[null]',
      400,
    ]);
  });
});
