import { describe, expect, test } from 'vitest';
import { formatCookie, parseCookies } from '../../src/fields/cookie.ts';
import { cpuTimeMs } from '../support/cpu-time.ts';

describe('parseCookies', () => {
  test.each([
    ['', {}],
    ['a=1', { a: '1' }],
    ['a=1; b=2', { a: '1', b: '2' }],
    ['a=1;b=2 ;  c=3', { a: '1', b: '2', c: '3' }],
    ['a=first; a=second', { a: 'first' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=%C3%A9', { a: 'é' }],
    ['a=%zz', { a: '%zz' }],
    ['nothing', {}],
    ['a=', { a: '' }],
  ])('reads %j', (field, cookies) => {
    expect({ ...parseCookies(field) }).toEqual(cookies);
  });

  test('keeps names that objects have as plain data', () => {
    const cookies = parseCookies('__proto__=x; constructor=y; toString=z');
    expect('hasOwnProperty' in cookies).toBe(false);
    expect(cookies['__proto__']).toBe('x');
    expect(cookies['toString']).toBe('z');
    expect(({} as Record<string, unknown>)['x']).toBe(undefined);
  });

  test('reads 16 KB of separators without getting slow', () => {
    const before = cpuTimeMs();
    parseCookies(';= '.repeat(5_000));
    parseCookies(' '.repeat(16_000));
    expect(cpuTimeMs() - before).toBeLessThan(1_000);
  });
});

describe('formatCookie', () => {
  test('is for the whole site unless told otherwise', () => {
    expect(formatCookie('a', 'b c', {})).toBe('a=b%20c; Path=/');
    expect(formatCookie('a', 'b', { path: '/x' })).toBe('a=b; Path=/x');
  });

  test('writes every attribute', () => {
    const field = formatCookie('a', 'b', {
      maxAge: 60,
      expires: new Date(0),
      domain: 'example.com',
      httpOnly: true,
      secure: true,
      sameSite: 'lax',
      partitioned: true,
      priority: 'high',
    });
    expect(field.split('; ').slice(1).sort()).toEqual([
      'Domain=example.com',
      'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      'HttpOnly',
      'Max-Age=60',
      'Partitioned',
      'Path=/',
      'Priority=High',
      'SameSite=Lax',
      'Secure',
    ]);
  });

  test('gives back what was set, whatever the characters', () => {
    const value = 'a;b,c "é" \r\n %41=';
    const field = formatCookie('a', value, {});
    expect(parseCookies(field.split('; ')[0] as string)['a']).toBe(value);
  });

  test.each([
    ['a space in the name', 'a b', {}],
    ['a line break in the name', 'a\r\nx', {}],
    ['an empty name', '', {}],
    ['a semicolon in the path', 'a', { path: '/; Domain=evil' }],
    ['a line break in the domain', 'a', { domain: 'a\r\nb' }],
    ['a fraction of a second', 'a', { maxAge: 1.5 }],
    ['an unknown SameSite', 'a', { sameSite: 'maybe' as 'lax' }],
  ])('refuses %s', (_what, name, options) => {
    expect(() => formatCookie(name, 'v', options)).toThrow(TypeError);
  });
});
