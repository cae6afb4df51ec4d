import { describe, expect, test } from 'vitest';
import { controls } from '../../src/request/http-request.ts';
import { newRequest } from '../support/new-request.ts';

describe('HttpRequest', () => {
  test('shows where it came from', () => {
    const raw = {};
    const request = newRequest({ method: 'PROPFIND', target: '/a%20b%2F%25%61?c=d', raw });
    expect(request).toMatchObject({
      method: 'PROPFIND',
      path: '/a b%2F%25a',
      ip: '192.0.2.1',
      client: { id: '192.0.2.1', address: '192.0.2.1', port: 50_000 },
    });
    expect(request.raw).toBe(raw);
    expect(request.server.getAddress()).toEqual({ address: '127.0.0.1', port: 8080 });
  });

  test('has records without prototype for params, query and state', () => {
    const request = newRequest({ target: '/?toString=1' });
    for (const record of [request.params, request.query, request.state])
      expect(Object.getPrototypeOf(record)).toBe(null);
    expect(request.query).toEqual(expect.objectContaining({ toString: '1' }));
  });

  test('keeps what middleware put into its state, for itself alone', () => {
    const request = newRequest();
    request.state['user'] = 'Ada';
    expect(request.state['user']).toBe('Ada');
    expect(newRequest().state['user']).toBe(undefined);
  });

  test('has an id of its own that stays', () => {
    const request = newRequest();
    expect(request.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(request.id).toBe(request.id);
    expect(newRequest().id).not.toBe(request.id);
  });

  test('has no body without a schema', () => {
    expect(newRequest().body).toBe(undefined);
  });
});

describe('header fields of a request', () => {
  const request = newRequest({
    rawHeaders: [
      'Host',
      'example.com',
      'Accept',
      'text/html',
      'accept',
      'text/plain',
      'Cookie',
      'a=1',
      'cookie',
      'b=2',
      '__proto__',
      'x',
    ],
  });

  test('are found whatever the case, repeats joined (RFC 9110 §5.3)', () => {
    expect(request.header('ACCEPT')).toBe('text/html, text/plain');
    expect(request.headers.get('Accept')).toBe('text/html, text/plain');
    expect(request.header('x-none')).toBe(undefined);
    expect(request.header('__proto__')).toBe('x');
    expect(request.header('constructor')).toBe(undefined);
  });

  test('join cookies with a semicolon', () => {
    expect(request.header('cookie')).toBe('a=1; b=2');
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
    expect({ ...request.cookies }).toEqual({ a: '1', b: '2' });
  });

  test('are made once', () => {
    expect(request.headers).toBe(request.headers);
    expect(request.cookies).toBe(request.cookies);
  });

  test('may be none at all', () => {
    const bare = newRequest({ rawHeaders: [] });
    expect([...bare.headers]).toEqual([]);
    expect(Object.keys(bare.cookies)).toEqual([]);
  });
});

describe('request.url', () => {
  test.each([
    ['Host', { target: '/a%20b?c=d%20e' }, 'http://example.com/a%20b?c=d%20e'],
    ['Host with a port', { rawHeaders: ['host', 'example.com:8080'] }, 'http://example.com:8080/'],
    ['an IPv6 literal', { rawHeaders: ['host', '[::1]:80'] }, 'http://[::1]/'],
    [
      'a target with an authority, which overrules Host',
      { target: 'http://other.example/x' },
      'http://other.example/x',
    ],
    ['no Host at all', { rawHeaders: [] }, 'http://localhost/'],
    ['TLS', { secure: true }, 'https://example.com/'],
    ['the asterisk', { method: 'OPTIONS', target: '*' }, 'http://example.com/'],
    ['an inner empty segment', { target: '/a//b' }, 'http://example.com/a//b'],
    ['an escaped tab', { target: '/a/..%09/b' }, 'http://example.com/a/..%09/b'],
    ['an escaped backslash', { target: '/a/..%5cb' }, 'http://example.com/a/..%5Cb'],
    ['a blank at the end', { target: '/a%20' }, 'http://example.com/a%20'],
    ['a target that is refused', { target: '@evil.example/x' }, 'http://example.com/@evil.example/x'],
    ['a target that is refused for two slashes', { target: '//evil.example/x' }, 'http://example.com//evil.example/x'],
  ])('is built from %s', (_what, fields, href) => {
    expect(newRequest(fields).url.href).toBe(href);
  });

  test.each(['a b', 'user@evil.example', 'evil.example/x', 'a,b', 'a\\b', '[::', '', 'a?b', 'a:99999', '%00', '[:::]'])(
    'refuses the Host %j with 400',
    (host) => {
      expect(() => newRequest({ rawHeaders: ['host', host] }).url).toThrow(expect.objectContaining({ status: 400 }));
    },
  );

  test.each(['1.2.3.999', '1.2.3.4.5', 'a.1', 'host.0x', 'host.0x:8080'])(
    'has no name for the host %j, which no URL can hold',
    (host) => {
      const request = newRequest({ target: '/a?b=c', rawHeaders: ['host', host] });
      expect([request.url.href, request.header('host')]).toEqual(['http://invalid/a?b=c', host]);
    },
  );

  test('has the name xn--a, or none, as the URL of this Node has it', () => {
    expect(['xn--a', 'invalid']).toContain(newRequest({ rawHeaders: ['host', 'xn--a'] }).url.host);
  });

  test('refuses two Hosts with 400', () => {
    expect(() => newRequest({ rawHeaders: ['host', 'a', 'host', 'b'] }).url).toThrow(
      expect.objectContaining({ status: 400 }),
    );
  });

  test('is made once', () => {
    const request = newRequest();
    expect(request.url).toBe(request.url);
  });
});

describe('request.signal', () => {
  test('aborts once, with the first reason', () => {
    const request = newRequest();
    const { signal } = request;
    let aborts = 0;
    signal.addEventListener('abort', () => aborts++);
    controls.abort(request, new Error('first'));
    controls.abort(request, new Error('second'));
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toEqual(new Error('first'));
    expect(aborts).toBe(1);
  });

  test('is aborted already when it is first asked for after the fact', () => {
    const request = newRequest();
    controls.abort(request, new Error('gone'));
    expect(request.signal.aborted).toBe(true);
    expect(request.signal.reason).toEqual(new Error('gone'));
  });
});
