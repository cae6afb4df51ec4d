import { describe, expect, test } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { portless } from '../support/open-server.ts';

const { server } = portless((app) =>
  app
    .get('/url', (request) => ({
      href: request.url.href,
      host: request.header('host'),
      ip: request.ip,
      raw: typeof request.raw,
    }))
    .get('/query', (request) => request.query)
    .get('/names/:name', (request) => request.params.name)
    .get('/cookies', (request) => request.cookies)
    .post('/echo', async (request) => ({ type: request.header('content-type'), text: await request.text() }))
    .get('/stream', async function* () {
      yield 'a';
      await Promise.resolve();
      yield Buffer.from('b');
    }),
);

describe('server.fetch', () => {
  test('takes a target, a URL, a string with a host, and a standard Request', async () => {
    const hrefs = await Promise.all(
      [
        '/url?a=b',
        new URL('http://example.com/url?a=b'),
        'https://example.com:8443/url',
        new Request('http://example.com/url'),
      ].map(async (input) => ((await (await server.fetch(input)).json()) as { href: string }).href),
    );
    expect(hrefs).toEqual([
      'http://localhost/url?a=b',
      'http://example.com/url?a=b',
      'https://example.com:8443/url',
      'http://example.com/url',
    ]);
  });

  test('takes the Host that is given', async () => {
    expect(await (await server.fetch('/url', { headers: { host: 'example.com' } })).json()).toMatchObject({
      href: 'http://example.com/url',
      host: 'example.com',
    });
  });

  test.each(['a:99999', '%00', '[:::]', 'user@evil.example', 'a/b'])(
    'answers the Host %j with 400 where a handler asks for the URL',
    async (host) => {
      expect((await server.fetch('/url', { headers: { host } })).status).toBe(400);
    },
  );

  test('comes from this machine, and has no message of Node', async () => {
    expect(await (await server.fetch('/url')).json()).toMatchObject({ ip: '127.0.0.1', raw: 'undefined' });
  });

  test('takes a target as it stands, characters and blanks that no request line holds apart', async () => {
    expect(await (await server.fetch('/names/a b é')).text()).toBe('a b é');
    expect(await (await server.fetch('/names/%2561')).text()).toBe('%61');
    expect((await server.fetch('/names/../url')).status).toBe(400);
    expect((await server.fetch('//example.com/url')).status).toBe(400);
    expect((await server.fetch('/url#x')).status).toBe(400);
  });

  test('hands over bodies of every kind', async () => {
    const form = new URLSearchParams({ a: 'b' });
    const stream = { body: ReadableStream.from([Buffer.from('a'), Buffer.from('b')]), duplex: 'half' } as RequestInit;
    for (const [init, type, text] of [
      [{ body: 'text' }, 'text/plain;charset=UTF-8', 'text'],
      [{ body: form }, 'application/x-www-form-urlencoded;charset=UTF-8', 'a=b'],
      [{ body: Buffer.from('bytes') }, undefined, 'bytes'],
      [stream, undefined, 'ab'],
      [{}, undefined, ''],
    ] as const) {
      expect(await (await server.fetch('/echo', { method: 'POST', ...init })).json()).toEqual({
        text,
        ...(type === undefined ? {} : { type }),
      });
    }
  });

  test('gives a stream as it comes', async () => {
    expect(await (await server.fetch('/stream')).text()).toBe('ab');
  });

  test('passes cookies and repeated query names like any request', async () => {
    expect(await (await server.fetch('/cookies', { headers: { cookie: 'a=1; b=2' } })).json()).toEqual({
      a: '1',
      b: '2',
    });
    expect(await (await server.fetch('/query?a=1&a=2')).json()).toEqual({ a: ['1', '2'] });
  });

  test('can be handed on without its server', async () => {
    const { fetch } = server;
    expect((await fetch('/query')).status).toBe(200);
  });

  test('tells the handler when its caller aborts, and runs nothing for one that has aborted before', async () => {
    const [begun, reason] = [deferred(), deferred<unknown>()];
    let calls = 0;
    const aborting = portless((app) =>
      app.get('/', ({ signal }) => {
        calls++;
        begun.resolve();
        return new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            reason.resolve(signal.reason);
            resolve('late');
          }),
        );
      }),
    ).server;
    await expect(aborting.fetch('/', { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    expect(calls).toBe(0);
    const controller = new AbortController();
    const answer = aborting.fetch('/', { signal: controller.signal });
    await begun.promise;
    controller.abort();
    expect(await reason.promise).toMatchObject({ code: 'ERR_PORTLIGHT_CLIENT_GONE' });
    await Promise.allSettled([answer]);
  });

  test('tells the source of a stream when nobody reads it any more', async () => {
    const cancelled = deferred<unknown>();
    const endless = portless((app) =>
      app.get(
        '/',
        () =>
          new ReadableStream({
            pull: (controller) => controller.enqueue('x'),
            cancel: (reason) => cancelled.resolve(reason),
          }),
      ),
    ).server;
    const response = await endless.fetch('/');
    await response.body?.cancel(new Error('enough'));
    expect(await cancelled.promise).toEqual(new Error('enough'));
  });
});
