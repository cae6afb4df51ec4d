import { describe, expect, test } from 'vitest';
import { HttpResponse, type ResponseInterceptor } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { portless } from '../support/open-server.ts';

describe('onResponse', () => {
  test('runs in the order of the calls, those of the inner router first', async () => {
    const { server } = portless((app) =>
      app
        .onResponse((response) => `${response}1`)
        .onResponse(async (response) => `${await Promise.resolve(response)}2`)
        .onResponse((response) => `${response}3`)
        .group('/in', (group) => group.get('/', () => 'x').onResponse((response) => `${response}in`)),
    );
    expect(await (await server.fetch('/in')).text()).toBe('xin123');
  });

  test.each<[string, ResponseInterceptor, string, string]>([
    ['a string', () => 'é', 'é', '2'],
    ['bytes', () => Buffer.from('bytes'), 'bytes', '5'],
    ['the response', (response) => response, 'x', '1'],
    ['another response', () => HttpResponse.text('other'), 'other', '5'],
    ['nothing', () => undefined, 'x', '1'],
    ['a promise', () => Promise.resolve('later'), 'later', '5'],
    ["Luminova's form", (response) => `${response}<p>`, 'x<p>', '4'],
  ])('may return %s', async (_what, interceptor, body, length) => {
    const { server } = portless((app) =>
      app.get('/', () => HttpResponse.text('x', { status: 201 }).header('x-a', '1')).onResponse(interceptor),
    );
    const response = await server.fetch('/');
    expect(response.headers.get('content-length')).toBe(length);
    expect(await response.text()).toBe(body);
  });

  test('keeps status and headers where it replaces the body', async () => {
    const { server } = portless((app) =>
      app
        .get('/', () => HttpResponse.json({ a: 1 }, { status: 201 }))
        .onResponse((response) => `${response}`.toUpperCase()),
    );
    const response = await server.fetch('/');
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      201,
      'application/json',
      '{"A":1}',
    ]);
  });

  test('sees a JSON reply as text, and every response only once', async () => {
    const seen: unknown[] = [];
    const { server } = portless(
      (app) =>
        app
          .get('/json', () => ({ a: 1 }))
          .get('/throws', () => {
            throw new Error('secret');
          })
          .post('/body', async (request) => request.text())
          .onResponse((response, request) => void seen.push([request?.path, response.status, typeof response.body])),
      { maxBodyBytes: 4 },
    );
    await server.fetch('/json');
    await server.fetch('/none');
    await server.fetch('/json', { method: 'DELETE' });
    await server.fetch('/json', { method: 'OPTIONS' });
    await server.fetch('/json', { method: 'HEAD' });
    await server.fetch('/throws');
    await server.fetch('/body', { method: 'POST', body: '12345' });
    await server.fetch('/a/../b');
    expect(seen).toEqual([
      ['/json', 200, 'string'],
      ['/none', 404, 'string'],
      ['/json', 405, 'string'],
      ['/json', 204, 'object'],
      ['/json', 200, 'string'],
      ['/throws', 500, 'string'],
      ['/body', 413, 'string'],
      ['/a/../b', 400, 'string'],
    ]);
  });

  test.each<[string, ResponseInterceptor]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['returns a number', () => 1 as unknown as string],
    ['sets a header that cannot be sent', (response) => void response.header('x-a', 'a\n')],
    ['reads a stream as text', () => new HttpResponse(['a'].values()).toString()],
  ])('that %s is reported and passed over', async (_what, broken) => {
    const { server, log } = portless((app) =>
      app
        .get('/', () => 'x')
        .onResponse(broken)
        .onResponse((response) => `${response}!`),
    );
    const response = await server.fetch('/');
    expect([response.status, await response.text()]).toEqual([200, 'x!']);
    expect(log.at('error')).toHaveLength(1);
  });

  test('tells a stream that its body was replaced', async () => {
    const cancelled = deferred<unknown>();
    const source = new ReadableStream({
      pull: (controller) => controller.enqueue('part'),
      cancel: (reason) => cancelled.resolve(reason),
    });
    const { server } = portless((app) => app.get('/', () => source).onResponse(() => 'x'));
    expect(await (await server.fetch('/')).text()).toBe('x');
    expect(await cancelled.promise).toBeInstanceOf(Error);
  });

  test('sees the headers that setHeader gave', async () => {
    const { server } = portless((app) =>
      app
        .get('/', () => 'x')
        .setHeader('x-a', '1')
        .onResponse((response) => `${response.headers.get('x-a')}`),
    );
    expect(await (await server.fetch('/')).text()).toBe('1');
  });
});
