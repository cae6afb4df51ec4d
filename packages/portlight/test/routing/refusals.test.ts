import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors/config-error.ts';
import type { RoutePattern } from '../../src/routing/pattern.ts';
import { RouteTable } from '../../src/routing/route-table.ts';

function refusal(pattern: RoutePattern, prefix?: string): ConfigError {
  const table = new RouteTable<string>();
  try {
    table.add('GET', pattern, 'target', prefix);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect(table.size).toBe(0);
    expect(table.methods()).toEqual([]);
    return error as ConfigError;
  }
  throw new Error(`${String(pattern)} was not refused`);
}

describe('a pattern is refused with its route and a remedy', () => {
  const cases: readonly (readonly [pattern: string, remedy: string])[] = [
    ['users', "write '/users'"],
    ['', "write '/'"],
    [':id', "write '/:id'"],
    ['{a}/b', "write '/{a}/b'"],
    ['*', "'/*path'"],
    ['//a', 'two slashes'],
    ['/{/:a}', 'two slashes'],
    ['/:id/:id', "the name 'id'"],
    ['/:id{/*id}', "the name 'id'"],
    ['/:a:b', 'put text between them'],
    ['/:a*b', 'put text between them'],
    ['/*a*b', 'put text between them'],
    ['/:a{:b}', 'put text between them'],
    ['/:a{x}:b', 'put text between them'],
    ['/ws(?:/.*)?', String.raw`write the RegExp /\/ws(?:\/.*)?/ instead`],
    [String.raw`/:id(\d+)`, String.raw`write the RegExp /\/(?<id>\d+)/ instead`],
    [String.raw`/{id:\d+}/[a-z]/:x`, String.raw`write the RegExp /\/(?<id>\d+)\/[a-z]\/(?<x>[^/]+)/ instead`],
    ['/u/:id{[0-9]+}', String.raw`write the RegExp /\/u\/(?<id>[0-9]+)/ instead`],
    ['/a(b', 'write a RegExp instead'],
    ['/users/{id}', "write '/users/:id'"],
    ['/{lang}/{page}', "write '/:lang/:page'"],
    ['/{user-id}', `write '/:"user-id"'`],
    ['/{größe}/x', "write '/:größe/x'"],
    ['/{a}{/b}', "write '/:a{/b}'"],
    ['/a{/{b}}', "write '/a{/:b}'"],
    ['/:id?', "write '{/:id}'"],
    ['/a/:b?/c', "write '/a{/:b}/c'"],
    ['/search?q=:q', 'the query is no part of a pattern'],
    ['/a\\?', "write '%3F'"],
    ['/a#b', "write '%23'"],
    ['/a\\\\b', "write '%5C'"],
    ['/a\0', 'NUL'],
    ['/a%00', 'NUL'],
    ['/./a', "the segment '.'"],
    ['/a/..', "the segment '..'"],
    ['/a/%2E%2e/b', "the segment '..'"],
    ['/a/{:b}.', "the segment '.'"],
    ['/files/*', "write '/files/*path'"],
    ['/:rest+', "write '/*rest'"],
    ['/:rest*', "write '/*rest'"],
    ['/at/12:30', "'\\\\:'"],
    ['/a+b', "'\\\\+'"],
    ['/a{b', "'{' and a '}' belong together"],
    ['/a}b', "'{' and a '}' belong together"],
    ['/:"a', 'a closing quote'],
    ['/a\\', "write '%5C'"],
    ['{/a}{/b}{/c}{/d}{/e}{/f}{/g}', 'more than 64 patterns'],
    ['/a'.concat('{:a-'.repeat(100), '}'.repeat(100)), 'more than 64 patterns'],
  ];

  test.each(cases)('%j: %s', (pattern, remedy) => {
    const error = refusal(pattern);
    expect(error.code).toBe('ERR_PORTLIGHT_INVALID_PATTERN');
    expect(error.message).toContain(`GET ${pattern}`);
    expect(error.message).toContain(remedy);
    expect(error.message).toMatch(/\.$/);
  });

  test('no link and no position of the library is in it', () => {
    for (const [pattern] of cases) expect(refusal(pattern).message).not.toMatch(/https?:|at index/);
  });

  test.each<unknown>([undefined, 5, {}, ['/a'], Symbol('a'), () => '/a'])('%s is no pattern', (value) => {
    const error = refusal(value as RoutePattern);
    expect(error.code).toBe('ERR_PORTLIGHT_INVALID_PATTERN');
    expect(error.message).toContain('a string, a RegExp or null');
  });
});

describe('a prefix is refused', () => {
  test.each<readonly [prefix: string, remedy: string]>([
    ['api', "write '/api'"],
    ['/api/', "write '/api'"],
    ['/api//', "write '/api'"],
    ['//api', 'two slashes'],
    ['/*all', 'wildcard'],
    ['/a{/*b}', 'wildcard'],
    ['/a{/}', 'ends in a slash'],
    ['/{id}', "write '/:id'"],
    ['/..', "the segment '..'"],
    ['/:a:b', 'put text between them'],
    ['/a?', 'the query is no part'],
  ])('%j: %s', (prefix, remedy) => {
    for (const pattern of ['/x', /\/x/, null]) expect(refusal(pattern, prefix).message).toContain(remedy);
  });

  test.each(['/:version', '/a{/b}'])('with params or groups, %j, before a RegExp and null', (prefix) => {
    expect(refusal(/\/x/, prefix).message).toContain('write a string pattern instead');
    expect(refusal(null, prefix).message).toContain("'/*rest'");
  });

  test('that shares a name with the pattern', () => {
    expect(refusal('/:id', '/:id').message).toContain("the name 'id'");
  });

  test('without a slash between it and the pattern', () => {
    expect(refusal('users', '/api').message).toContain("write '/users'");
  });

  test('where both together begin with two slashes', () => {
    expect(refusal('//x', '{/:lang}').message).toContain('two slashes');
  });
});

describe('what looks alike is accepted', () => {
  test.each([
    '/report{.:format}',
    '{/:tab}',
    '/a{b}',
    '/{a}b',
    '/a{-b}',
    '/a/{b}.json',
    '/x{/:a}{/:b}',
    '/..a',
    '/a.',
    '/...',
    "/:a's",
    '/a/',
    '/$1',
    '/a;b=c',
  ])('%j', (pattern) => {
    expect(() => new RouteTable().add('GET', pattern, 1)).not.toThrow();
  });

  test('64 variants', () => {
    const table = new RouteTable<number>();
    table.add('GET', '{/a}{/b}{/c}{/d}{/e}{/f}', 1);
    expect(table.match('GET', '/b/d/f')?.target).toBe(1);
    expect(table.match('GET', '/d/b')).toBeUndefined();
  });
});

describe('a second route for the same method and pattern is refused', () => {
  const cases: readonly (readonly [first: RoutePattern, second: RoutePattern, prefix: string])[] = [
    ['/users', '/users', ''],
    ['/users', '/users/', ''],
    ['/users/:id', '/users/:name', ''],
    ['/:a-:b', '/:c-:d', ''],
    ['/files/*path', '/files/*rest', ''],
    ['/*a/edit', '/*b/edit', ''],
    ['/café', '/caf%C3%A9', ''],
    ['/100%', '/100%25', ''],
    ['/a{/:b}', '/a', ''],
    ['/a', '/a{/:b}', ''],
    ['/a{/:b}', '/{:c}a', ''],
    ['/api/x', '/x', '/api'],
    ['/api', '/', '/api'],
    [/\/a/, /\/a/, ''],
    [/\/a/i, /\/a/gi, ''],
    [null, null, ''],
  ];

  test.each(cases)('%s and %s behind %j', (first, second, prefix) => {
    for (const method of ['GET', null]) {
      const table = new RouteTable<string>();
      table.add(method, first, 'first');
      expect(() => table.add(method, second, 'second', prefix)).toThrow(
        expect.objectContaining({ code: 'ERR_PORTLIGHT_DUPLICATE_ROUTE' }),
      );
      expect(table.size).toBe(1);
    }
  });

  test('naming both', () => {
    const table = new RouteTable<string>();
    table.add('GET', '/users/:id', 'first');
    expect(() => table.add('GET', '/:name', 'second', '/users')).toThrow(/GET \/users\/:name .* GET \/users\/:id/);
  });

  test('with nothing of it added', () => {
    const table = new RouteTable<string>();
    table.add('GET', '/a/b', 'first');
    expect(() => table.add('GET', '/a{/:x}{/b}', 'second')).toThrow(ConfigError);
    expect(table.match('GET', '/a/1')).toBeUndefined();
    expect(table.match('GET', '/a')).toBeUndefined();
    table.add('GET', '/a/:x', 'third');
    expect(table.match('GET', '/a/1')?.target).toBe('third');
  });

  test.each<readonly [first: RoutePattern, second: RoutePattern]>([
    ['/a', '/A'],
    ['/:a', '/*a'],
    ['/:a-', '/-:a'],
    ['/a', '/a//'],
    [/\/a/, /\/a/i],
    [/\/a/, '/a'],
    [null, /.*/],
  ])('but %s and %s are two', (first, second) => {
    const table = new RouteTable<string>();
    table.add('GET', first, 'first');
    table.add('GET', second, 'second');
    expect(table.size).toBe(2);
  });

  test('but another method, any method and another prefix are another route', () => {
    const table = new RouteTable<string>();
    for (const method of ['GET', 'POST', null]) {
      for (const pattern of ['/a/:b', /\/a/, null]) {
        for (const prefix of ['', '/p']) table.add(method, pattern, 'target', prefix);
      }
    }
    expect(table.size).toBe(18);
  });

  test('but with strictSlashes a trailing slash tells two apart', () => {
    const table = new RouteTable<string>({ strictSlashes: true });
    for (const pattern of ['/a', '/a/', '/:b/c', '/:b/c/']) table.add('GET', pattern, pattern);
    expect(() => table.add('GET', '/d{/}', 'both')).not.toThrow();
    expect(() => table.add('GET', '/d/', 'again')).toThrow(ConfigError);
    expect(table.match('GET', '/d')?.target).toBe('both');
    expect(table.match('GET', '/d/')?.target).toBe('both');
  });
});
