import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { HttpResponse } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { portless } from '../support/open-server.ts';

/** As a second copy of the package in the process would make it: the same brand, another class. */
class ForeignResponse {
  status = 201;
  headers: Map<string, string> = new Map([
    ['x-a', '1'],
    ['content-type', 'text/csv'],
  ]);
  body = 'a,b';

  static {
    Object.defineProperty(this.prototype, Symbol.for('portlight.HttpResponse'), { value: true });
  }
}

test('a response of another copy of the package is sent as it is', async () => {
  const { server } = portless((app) => app.get('/', () => new ForeignResponse()));
  const response = await server.fetch('/');
  expect(response.status).toBe(201);
  expect(response.headers.get('x-a')).toBe('1');
  expect(response.headers.get('content-type')).toBe('text/csv');
  expect(await response.text()).toBe('a,b');
});

test('it may come from an interceptor too', async () => {
  const { server } = portless((app) =>
    app.get('/', () => 'x').onResponse(() => new ForeignResponse() as unknown as HttpResponse),
  );
  expect(await (await server.fetch('/')).text()).toBe('a,b');
});

test('its headers are checked like any other', async () => {
  const { server } = portless((app) =>
    app.get('/', () => {
      const response = new ForeignResponse();
      response.headers.set('x-a', 'a\r\nb: c');
      return response;
    }),
  );
  expect((await server.fetch('/')).status).toBe(500);
});

describe('a Response of another implementation', () => {
  /** As node-fetch has it: the body is a `Readable`, and cookies come apart only by `raw()`. */
  const likeNodeFetch = (body: unknown): object => ({
    status: 203,
    headers: Object.assign(
      new URLSearchParams([
        ['x-a', '1'],
        ['set-cookie', 'a=1, b=2'],
      ]),
      { raw: () => ({ 'set-cookie': ['a=1', 'b=2'] }) },
    ),
    body,
    bodyUsed: false,
    arrayBuffer: () => Promise.resolve(new TextEncoder().encode('whole').buffer),
    [Symbol.toStringTag]: 'Response',
  });
  /** A web stream without the class of this realm. */
  const foreignStream = (chunks: string[], onCancel: (reason: unknown) => void = () => {}): object => {
    const inner = new ReadableStream<string>({
      pull: (controller) => (chunks.length > 0 ? controller.enqueue(chunks.shift() as string) : new Promise(() => {})),
      cancel: onCancel,
    });
    return { getReader: () => inner.getReader() };
  };

  test.each<[string, unknown, string]>([
    ['a Node Readable', Readable.from([Buffer.from('a'), Buffer.from('b')]), 'ab'],
    ['a web stream of this realm', ReadableStream.from(['a', 'b']), 'ab'],
    ['nothing', null, ''],
    ['what it does not show', undefined, 'whole'],
    ['text', 'text', 'whole'],
  ])('whose body is %s is sent as it is', async (_name, body, text) => {
    const { server } = portless((app) => app.get('/', () => likeNodeFetch(body)));
    const response = await server.fetch('/');
    expect([response.status, response.headers.get('x-a'), response.headers.getSetCookie()]).toEqual([
      203,
      '1',
      ['a=1', 'b=2'],
    ]);
    expect(await response.text()).toBe(text);
  });

  test.each([
    ['in a response', (stream: object) => likeNodeFetch(stream)],
    ['by itself', (stream: object) => stream],
  ])('a foreign web stream %s hears of the end while a read of it waits', async (_name, wrap) => {
    const cancelled = deferred<unknown>();
    const { server } = portless((app) => app.get('/', () => wrap(foreignStream(['a'], cancelled.resolve))));
    const reader = ((await server.fetch('/')).body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('a');
    void reader.read();
    await reader.cancel(new Error('gone'));
    expect(await cancelled.promise).toMatchObject({ message: 'gone' });
  });

  test('which was read already is an error', async () => {
    const { server, log } = portless((app) => app.get('/', () => ({ ...likeNodeFetch(null), bodyUsed: true })));
    expect((await server.fetch('/')).status).toBe(500);
    expect(log.at('error')[0]?.fields['err']).toMatchObject({ name: 'ReplyError' });
  });

  test('may come from an error handler, a middleware and an interceptor', async () => {
    const { server } = portless((app) =>
      app
        .use('/m', () => likeNodeFetch('x'))
        .get('/i', () => 'x')
        .onResponse((response, request) =>
          request?.path === '/i' ? (likeNodeFetch('x') as unknown as HttpResponse) : response,
        )
        .error(404, () => likeNodeFetch('x')),
    );
    for (const path of ['/m', '/i', '/none'])
      expect([path, await (await server.fetch(path)).text()]).toEqual([path, 'whole']);
  });

  test('is not what only looks a little like one', async () => {
    const { server } = portless((app) => app.get('/', () => ({ status: 200, headers: { a: 'b' }, body: 'x' })));
    expect(await (await server.fetch('/')).json()).toEqual({ status: 200, headers: { a: 'b' }, body: 'x' });
  });
});

test('bytes and blobs of another realm or implementation are what they are here', async () => {
  const { server } = portless((app) =>
    app
      .get('/array', () => runInNewContext('Uint8Array.of(104, 105)'))
      .get('/buffer', () => runInNewContext('Uint8Array.of(104, 105).buffer'))
      .get('/blob', () => ({
        [Symbol.toStringTag]: 'Blob',
        size: 2,
        type: 'text/csv',
        stream: () => Readable.from([Buffer.from('hi')]),
      })),
  );
  for (const path of ['/array', '/buffer', '/blob']) {
    const response = await server.fetch(path);
    expect([path, response.headers.get('content-length'), await response.text()]).toEqual([path, '2', 'hi']);
  }
});
