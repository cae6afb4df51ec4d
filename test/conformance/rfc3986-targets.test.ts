import type { HttpServer } from 'portlight';
import { describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import type { WireResponse } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from './lanes.ts';

const app = (server: HttpServer): unknown =>
  server
    .get('/one/:name', (request) => ({ name: request.params.name, url: request.url.href }))
    .get('/rest/*path', (request) => ({ path: request.params.path }))
    .get('/query', (request) => ({ query: request.query }))
    .get('/caf\u00e9', () => 'coffee')
    .get('/a b', () => 'blank')
    .get('/', () => 'root');

describe.each(LANES)('RFC 3986 on the lane $name', ({ options }) => {
  const ask = async (target: string): Promise<WireResponse> => {
    await using open = await openServer(app, options);
    await using client = await RawClient.open(open.port);
    const response = await client.send(get(target)).response();
    expect(open.log.at('error')).toEqual([]);
    return response;
  };
  const json = async (target: string): Promise<unknown> => {
    const { status, body } = await ask(target);
    return status === 200 ? JSON.parse(Buffer.from(body, 'latin1').toString()) : status;
  };

  describe('§2.1, §2.4 escapes are decoded once', () => {
    test.each<[string, string]>([
      ['abc', 'abc'],
      ['%61%62%63', 'abc'],
      ['%41%5a', 'AZ'],
      ['a%2Fb', 'a/b'],
      ['a%2fb', 'a/b'],
      ['a%25b', 'a%b'],
      ['a%252Fb', 'a%2Fb'],
      ['%252e%252e%252f', '%2e%2e%2f'],
      ['%25', '%'],
      ['%2525', '%25'],
      ['a+b', 'a+b'],
      ['a%20b', 'a b'],
      ['caf%C3%A9', 'caf\u00e9'],
      ['caf%c3%a9', 'caf\u00e9'],
      ['%F0%9F%98%80', '\u{1f600}'],
      ['a%3Fb%23c', 'a?b#c'],
      ['a;b=c', 'a;b=c'],
      ["!$&'()*+,;=:@", "!$&'()*+,;=:@"],
      ['-._~', '-._~'],
      ['%00x'.slice(3), 'x'],
      ['__proto__', '__proto__'],
      ['a%0D%0Ab', 'a\r\nb'],
    ])('%s', async (segment, name) => {
      expect(await json(`/one/${segment}`)).toMatchObject({ name });
    });
  });

  describe('§6.2.2 two ways to write one path lead to one route', () => {
    test.each(['/caf%C3%A9', '/caf%c3%a9', '/%63af%C3%A9'])('%s', async (target) => {
      expect((await ask(target)).body).toBe('coffee');
    });

    test.each(['/a%20b', '/%61%20b'])('%s', async (target) => {
      expect((await ask(target)).body).toBe('blank');
    });

    test.each(['/Query', '/QUERY', '/query%2F', '/query%3F', '/query;a', '/query.'])(
      'but %s is another',
      async (target) => {
        expect((await ask(target)).status).toBe(404);
      },
    );
  });

  describe('§3.3 segments', () => {
    test.each<[string, unknown]>([
      ['/rest/a/b', { path: ['a', 'b'] }],
      ['/rest/a%2Fb', { path: ['a/b'] }],
      ['/rest/a//b', { path: ['a', '', 'b'] }],
      ['/rest/a/b/', { path: ['a', 'b'] }],
      ['/rest/...', { path: ['...'] }],
      ['/rest/.a', { path: ['.a'] }],
      ['/rest/a..b', { path: ['a..b'] }],
      ['/rest/%2E%2Ea', { path: ['..a'] }],
      ['/rest/a/%2E%2E%2Fb', { path: ['a', '../b'] }],
    ])('%s', async (target, value) => {
      expect(await json(target)).toEqual(value);
    });
  });

  describe('what two readers could understand differently is 400', () => {
    test.each([
      '//',
      '//a',
      '///',
      '/./',
      '/../',
      '/.',
      '/..',
      '/a/.',
      '/a/..',
      '/a/../b',
      '/a/./b',
      '/%2e/',
      '/%2E%2E/',
      '/.%2e',
      '/%2e.',
      '/a/%2e%2E/b',
      '/\\',
      '/a\\b',
      '/..\\a',
      '/a?b\\c',
      '/%',
      '/%2',
      '/%zz',
      '/%2x',
      '/%-1',
      '/a%',
      '/%%',
      '/%u0041',
      '/%ff',
      '/%c0%af',
      '/%c0%ae%c0%ae/',
      '/%e0%80%af',
      '/%ed%a0%80',
      '/%f5%80%80%80',
      '/%c3',
      '/%c3a',
      '/%80',
      '/%00',
      '/a%00b',
      '/a%00',
      '/a#b',
      '/a#',
      '/#',
      '/a?b#c',
      '/a#?x=1',
      '/?%',
      '/?a=%zz',
      '/?a=%ff',
      '/?%c0%af=1',
    ])('%s', async (target) => {
      const response = await ask(target);
      expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    });
  });

  describe('§3.4 the query', () => {
    test.each<[string, unknown]>([
      ['', {}],
      ['?', {}],
      ['?a', { a: '' }],
      ['?a=', { a: '' }],
      ['?=b', { '': 'b' }],
      ['?a=b=c', { a: 'b=c' }],
      ['?a=1&a=2', { a: ['1', '2'] }],
      ['?&&a=1&', { a: '1' }],
      ['?a=b+c%2Bd', { a: 'b c+d' }],
      ['?a[]=1&a[b]=2', { 'a[]': '1', 'a[b]': '2' }],
      ['?a=1,2', { a: '1,2' }],
      ['?a=1;b=2', { a: '1;b=2' }],
      ['?a?b', { 'a?b': '' }],
      ['?a=//b/../c', { a: '//b/../c' }],
      ['?%61=%C3%A9', { a: '\u00e9' }],
      ['?a=%2500', { a: '%00' }],
      ['?constructor=1&toString=2', { constructor: '1', toString: '2' }],
    ])('%s', async (query, value) => {
      expect(await json(`/query${query}`)).toEqual({ query: value });
    });
  });

  test.each<[string, string]>([
    ['http://b/one/x', 'http://b/one/x'],
    ['http://b:8/one/x?y', 'http://b:8/one/x?y'],
    ['http://[::1]/one/x', 'http://[::1]/one/x'],
    ['/one/x', 'http://test/one/x'],
  ])('the URL of %s is %s (RFC 9112 §3.3)', async (target, url) => {
    expect(await json(target)).toMatchObject({ url });
  });

  test.each<[string, string]>([
    ['10 KB in a param', `/one/${'a'.repeat(8_000)}`],
    ['200 segments', `/rest${'/a'.repeat(200)}`],
    ['4,000 slashes', `/rest${'/'.repeat(4_000)}`],
    ['2,600 escapes', `/one/${'%61'.repeat(2_600)}`],
  ])('%s are served', async (_what, target) => {
    expect((await ask(target)).status).toBe(200);
  });
});
