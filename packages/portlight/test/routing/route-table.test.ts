import { describe, expect, test } from 'vitest';
import type { RoutePattern } from '../../src/routing/pattern.ts';
import { RouteTable } from '../../src/routing/route-table.ts';

type Params = Record<string, string | string[]>;

/** What a table of GET routes, each with its pattern as target, says to a path. */
function find(
  patterns: readonly string[],
  path: string,
  strictSlashes = false,
): { pattern: string; params: Params } | undefined {
  const table = new RouteTable<string>({ strictSlashes });
  for (const pattern of patterns) table.add('GET', pattern, pattern);
  const found = table.match('GET', path);
  return found === undefined ? undefined : { pattern: found.target, params: found.params };
}

describe('a pattern takes a path', () => {
  const cases: readonly (readonly [pattern: string, path: string, params: Params | undefined])[] = [
    ['/', '/', {}],
    ['/', '/a', undefined],
    ['/', '//', undefined],
    ['/users', '/users', {}],
    ['/users', '/Users', undefined],
    ['/users', '/user', undefined],
    ['/users', '/users2', undefined],
    ['/users', '/users/2', undefined],
    ['/users/all/new', '/users/all/new', {}],
    ['/users/:id', '/users/7', { id: '7' }],
    ['/users/:id', '/users', undefined],
    ['/users/:id', '/users/', undefined],
    ['/users/:id', '/users//', undefined],
    ['/users/:id', '/users/7/posts', undefined],
    ['/users/:id', '/user/7', undefined],
    ['/users/:id', '/userz/7', undefined],
    ['/:a', '/', undefined],
    ['/:a/:b', '/1/2', { a: '1', b: '2' }],
    ['/:a/:b', '/1//', undefined],
    ['/:a/:b', '//2', undefined],
    ['/:a/x/:b/y', '/1/x/2/y', { a: '1', b: '2' }],
    ['/:a/x/:b/y', '/1/x/2/z', undefined],
    ['/a//b', '/a//b', {}],
    ['/a//b', '/a/b', undefined],
    ['/a//:b', '/a//1', { b: '1' }],
    ['/:größe/:$_x', '/1/2', { größe: '1', $_x: '2' }],
    ['/:"a-b"/*"c d"', '/1/2/3', { 'a-b': '1', 'c d': ['2', '3'] }],
    ['/\\:id', '/:id', {}],
    ['/a\\{b\\}', '/a{b}', {}],
    ['/$.^|', '/$.^|', {}],
    ['/.well-known/:name', '/.well-known/acme', { name: 'acme' }],
    ['/日本/:name', '/日本/語', { name: '語' }],
    ['/日本', '/日曜', undefined],
  ];

  test.each(cases)('%s of %s is %j', (pattern, path, params) => {
    expect(find([pattern], path)?.params).toEqual(params);
  });
});

describe('params within a segment', () => {
  const cases: readonly (readonly [pattern: string, path: string, params: Params | undefined])[] = [
    ['/:a-:b', '/x-y', { a: 'x', b: 'y' }],
    ['/:a-:b', '/x-y-z', { a: 'x', b: 'y-z' }],
    ['/:a-:b', '/-x', undefined],
    ['/:a-:b', '/x-', undefined],
    ['/:a-:b', '/--x', { a: '-', b: 'x' }],
    ['/:a-:b', '/x/-y', undefined],
    ['/:file.:ext', '/a.tar.gz', { file: 'a', ext: 'tar.gz' }],
    ['/:file.json', '/a.json', { file: 'a' }],
    ['/:file.json', '/a.json.json', { file: 'a.json' }],
    ['/:file.json', '/.json', undefined],
    ['/:file.json', '/a.jsonx', undefined],
    ['/v:major.:minor/x', '/v1.2/x', { major: '1', minor: '2' }],
    ['/v:major.:minor/x', '/1.2/x', undefined],
    ['/@:name', '/@kim', { name: 'kim' }],
    ['/@:name', '/kim', undefined],
    ['/:a--:b/c', '/x---y/c', { a: 'x', b: '-y' }],
    ['/:from..:to', '/1..2', { from: '1', to: '2' }],
    ['/:a-:b-', '/1-2-', { a: '1', b: '2' }],
    ['/:a-:b-', '/1-2', undefined],
  ];

  test.each(cases)('%s of %s is %j', (pattern, path, params) => {
    expect(find([pattern], path)?.params).toEqual(params);
  });
});

describe('wildcards', () => {
  const cases: readonly (readonly [pattern: string, path: string, params: Params | undefined])[] = [
    ['/files/*path', '/files/a', { path: ['a'] }],
    ['/files/*path', '/files/a/b/c.txt', { path: ['a', 'b', 'c.txt'] }],
    ['/files/*path', '/files', undefined],
    ['/files/*path', '/files/', undefined],
    ['/files/*path', '/files//', undefined],
    ['/files/*path', '/files///', { path: ['', ''] }],
    ['/files/*path', '/files//a', { path: ['', 'a'] }],
    ['/files/*path', '/files/a//b', { path: ['a', '', 'b'] }],
    ['/files/*path', '/files/a/', { path: ['a'] }],
    ['/files/*path', '/files/a//', { path: ['a', ''] }],
    ['/files/*path', '/filesystem/a', undefined],
    ['/*all', '/', undefined],
    ['/*all', '/a/b', { all: ['a', 'b'] }],
    ['/:first/*rest', '/a/b/c', { first: 'a', rest: ['b', 'c'] }],
    ['/*path/edit', '/a/b/edit', { path: ['a', 'b'] }],
    ['/*path/edit', '/a/edit/edit', { path: ['a', 'edit'] }],
    ['/*path/edit', '/edit', undefined],
    ['/*path/edit', '/a/edit/', { path: ['a'] }],
    ['/files/*name.json', '/files/a/b.json', { name: ['a', 'b'] }],
    ['/files/*name.json', '/files/.json', undefined],
    ['/*a/x/*b', '/1/x/2/x/3', { a: ['1'], b: ['2', 'x', '3'] }],
    ['/*a/x/*b', '/x/x/x', { a: ['x'], b: ['x'] }],
    ['/*repo/-/:page', '/group/project/-/issues', { repo: ['group', 'project'], page: 'issues' }],
    ['/:a/*b/:c', '/1/2/3/4', { a: '1', b: ['2', '3'], c: '4' }],
    ['/img-*rest', '/img-a/b', { rest: ['a', 'b'] }],
    ['/img-*rest', '/img-', undefined],
  ];

  test.each(cases)('%s of %s is %j', (pattern, path, params) => {
    expect(find([pattern], path)?.params).toEqual(params);
  });
});

describe('optional groups', () => {
  const cases: readonly (readonly [pattern: string, path: string, params: Params | undefined])[] = [
    ['/users/:id{/:tab}', '/users/7', { id: '7' }],
    ['/users/:id{/:tab}', '/users/7/posts', { id: '7', tab: 'posts' }],
    ['/users/:id{/:tab}', '/users/7/posts/8', undefined],
    ['/report{.:format}', '/report', {}],
    ['/report{.:format}', '/report.pdf', { format: 'pdf' }],
    ['/report{.:format}', '/report.', undefined],
    ['/a{/:b{/:c}}', '/a', {}],
    ['/a{/:b{/:c}}', '/a/1', { b: '1' }],
    ['/a{/:b{/:c}}', '/a/1/2', { b: '1', c: '2' }],
    ['{/:lang}/about', '/about', {}],
    ['{/:lang}/about', '/de/about', { lang: 'de' }],
    ['{/:tab}', '/', {}],
    ['{/:tab}', '/a', { tab: 'a' }],
    ['{/:a}{/:b}', '/1', { a: '1' }],
    ['/a{/}', '/a', {}],
    ['/a{b}c', '/abc', {}],
    ['/a{b}c', '/ac', {}],
    ['/files{/*path}', '/files', {}],
    ['/files{/*path}', '/files/a/b', { path: ['a', 'b'] }],
  ];

  test.each(cases)('%s of %s is %j', (pattern, path, params) => {
    const found = find([pattern], path);
    expect(found?.params).toEqual(params);
    if (params !== undefined) expect(Object.keys(found?.params ?? {})).toEqual(Object.keys(params));
  });
});

describe('escapes', () => {
  const cases: readonly (readonly [pattern: string, canonicalPath: string, params: Params | undefined])[] = [
    ['/caf%C3%A9', '/café', {}],
    ['/caf%c3%a9', '/café', {}],
    ['/%75sers', '/users', {}],
    ['/a%2fb', '/a%2Fb', {}],
    ['/a%2Fb', '/a/b', undefined],
    ['/100%', '/100%25', {}],
    ['/100%25', '/100%25', {}],
    ['/%zz', '/%25zz', {}],
    ['/%C3', '/%25C3', {}],
    ['/%C3%28', '/%25C3(', {}],
    ['/%C0%80', '/%25C0%2580', {}],
    ['/%3F%23', '/?#', {}],
    ['/:id', '/a%2Fb', { id: 'a/b' }],
    ['/:id', '/100%25', { id: '100%' }],
    ['/:id', '/%252F', { id: '%2F' }],
    ['/:a-:b', '/x%2F-%25', { a: 'x/', b: '%' }],
    ['/*path', '/a%2Fb/%25', { path: ['a/b', '%'] }],
    ['/*path/:last', '/a%2Fb/%25', { path: ['a/b'], last: '%' }],
  ];

  test.each(cases)('%s of the canonical path %s is %j', (pattern, path, params) => {
    expect(find([pattern], path)?.params).toEqual(params);
  });
});

describe('the most specific route wins, whatever the order of registration', () => {
  const cases: readonly (readonly [path: string, patterns: readonly string[]])[] = [
    ['/users/me', ['/users/me', '/users/m:rest', '/users/:id', '/users/*rest', '/:a/me', '/:a/:b', '/*all']],
    ['/users/m1', ['/users/m:rest', '/users/:id', '/users/*rest', '/:a/:b', '/*all']],
    ['/a/b/c', ['/a/:x/c', '/a/:x/:y', '/:x/b/c', '/:x/b/:z', '/:x/:y/c', '/*all']],
    ['/report-1.json', ['/report-:n.json', '/:name.json', '/r:rest', '/:name', '/*rest']],
    ['/a-b', ['/a-:x', '/a:x', '/:x-:y', '/:x']],
    ['/ab', ['/a:x', '/:x{b}c', '/:x', '/*x']],
    ['/x/edit', ['/x/:page', '/x/*path', '/*path/edit', '/*path']],
    ['/f/a.json', ['/f/:name.json', '/f/:name', '/f/*name.json', '/f/*name']],
    ['/f/a/b.json', ['/f/*name.json', '/f/*name', '/*name.json', '/*name']],
    ['/a/x/b/x/c', ['/*a/x/*b', '/*a']],
    ['/a//b', ['/a//b', '/a//:x', '/a/*x']],
  ];

  test.each(cases)('%s', (path, patterns) => {
    for (let first = 0; first < patterns.length; first += 1) {
      const expected = patterns.slice(first).find((pattern) => find([pattern], path) !== undefined);
      const rest = patterns.slice(first);
      expect(find(rest, path)?.pattern).toBe(expected);
      expect(find(rest.toReversed(), path)?.pattern).toBe(expected);
    }
  });

  test('text of equal length goes by what stands in front, then by code units', () => {
    expect(find(['/:x-a', '/a-:x'], '/a-a')?.pattern).toBe('/a-:x');
    expect(find(['/a-:x', '/:x-a'], '/a-a')?.pattern).toBe('/a-:x');
    expect(find(['/:a.:b', '/:a-:b'], '/a.b-c')?.pattern).toBe('/:a-:b');
    expect(find(['/:a-:b', '/:a.:b'], '/a.b-c')?.pattern).toBe('/:a-:b');
    expect(find(['/:a-*b', '/*a-:b'], '/a-b')?.pattern).toBe('/:a-*b');
    expect(find(['/*a-:b', '/:a-*b'], '/a-b')?.pattern).toBe('/:a-*b');
  });

  test('goes back where the more specific way ends', () => {
    const patterns = ['/a/b/c/d', '/a/b/:x', '/a/:x/c/e', '/:x/b/c/f', '/a/*rest'];
    expect(find(patterns, '/a/b/c/d')?.pattern).toBe('/a/b/c/d');
    expect(find(patterns, '/a/b/c/e')).toEqual({ pattern: '/a/:x/c/e', params: { x: 'b' } });
    expect(find(patterns, '/a/b/c/f')).toEqual({ pattern: '/a/*rest', params: { rest: ['b', 'c', 'f'] } });
    expect(find(patterns, '/z/b/c/f')).toEqual({ pattern: '/:x/b/c/f', params: { x: 'z' } });
    expect(find(patterns, '/z/b/c/g')).toBeUndefined();
  });

  test('takes no param from a way that failed', () => {
    expect(find(['/:a/:b/x', '/:c/*rest'], '/1/2/y')?.params).toEqual({ c: '1', rest: ['2', 'y'] });
    expect(find(['/:a-:b/x', '/:c'], '/1-2')?.params).toEqual({ c: '1-2' });
  });

  test('characters beyond ASCII are told apart', () => {
    const patterns = ['/é/:x', '/ü/:x', '/日本/:x', '/日曜/:x', '/\u{1f600}/:x', '/\u{1f601}/:x', '/~/:x'];
    for (const pattern of patterns) expect(find(patterns, pattern.replace(':x', '1'))?.pattern).toBe(pattern);
    expect(find(patterns, '/ö/1')).toBeUndefined();
  });

  test('each route has its own names, though they share a place', () => {
    const patterns = ['/a/:x', '/a/:y/b', '/a/:z/:w'];
    expect(find(patterns, '/a/1')?.params).toEqual({ x: '1' });
    expect(find(patterns, '/a/1/b')?.params).toEqual({ y: '1' });
    expect(find(patterns, '/a/1/2')?.params).toEqual({ z: '1', w: '2' });
  });
});

describe('a trailing slash', () => {
  test.each(['/users', '/users/'])('is optional for the pattern %s', (pattern) => {
    expect(find([pattern], '/users')).toBeDefined();
    expect(find([pattern], '/users/')).toBeDefined();
    expect(find([pattern], '/users//')).toBeUndefined();
  });

  test.each(['/users/:id', '/users/:id/'])('is optional for the pattern %s', (pattern) => {
    expect(find([pattern], '/users/7')?.params).toEqual({ id: '7' });
    expect(find([pattern], '/users/7/')?.params).toEqual({ id: '7' });
    expect(find([pattern], '/users/7//')).toBeUndefined();
  });

  test('counts with strictSlashes', () => {
    const patterns = ['/', '/users', '/teams/', '/users/:id', '/teams/:id/', '/dirs/*path/', '/*path/edit'];
    const paths = ['/', '/users', '/teams/', '/users/7', '/teams/7/', '/dirs/a/', '/a/edit'];
    for (const [index, path] of paths.entries()) {
      expect(find(patterns, path, true)?.pattern).toBe(patterns[index]);
      const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
      expect(find(patterns, other, true)).toBeUndefined();
    }
    expect(find(['/users', '/users/'], '/users', true)?.pattern).toBe('/users');
    expect(find(['/users', '/users/'], '/users/', true)?.pattern).toBe('/users/');
    expect(find(['/dirs/*path/'], '/dirs/a/b/', true)?.params).toEqual({ path: ['a', 'b'] });
  });

  test.each<[patterns: readonly string[], path: string, pattern: string | undefined, params?: Record<string, unknown>]>(
    [
      [['/files/*path'], '/files/a', '/files/*path', { path: ['a'] }],
      [['/files/*path'], '/files/a/', '/files/*path', { path: ['a'] }],
      [['/files/*path'], '/files/a/b/', '/files/*path', { path: ['a', 'b'] }],
      [['/files/*path'], '/files/', undefined],
      [['/*path'], '/a/', '/*path', { path: ['a'] }],
      [['/files/v*path'], '/files/v1/x/', '/files/v*path', { path: ['1', 'x'] }],
      [['/files/*path.js'], '/files/a.js/', undefined],
      [['/files/*path', '/files/*path/'], '/files/a/', '/files/*path/'],
      [['/files/*path/', '/files/*path'], '/files/a/', '/files/*path/'],
      [['/files/*path/', '/files/*path'], '/files/a', '/files/*path'],
      [['/:a/:b/', '/files/*path'], '/files/a/', '/files/*path'],
      [['/files/:b/', '/files/*path'], '/files/a/', '/files/:b/'],
      [['/files/:b', '/files/*path'], '/files/a/', '/files/*path'],
      [['/files/a', '/files/*path'], '/files/a/', '/files/*path'],
    ],
  )('is no segment of a wildcard, with strictSlashes as well: %j, %s', (patterns, path, pattern, params) => {
    const found = find(patterns, path, true);
    expect(found?.pattern).toBe(pattern);
    if (params !== undefined) expect(found?.params).toEqual(params);
  });
});

describe('methods', () => {
  function toTable(
    ...routes: readonly (readonly [method: string | null, pattern: RoutePattern])[]
  ): RouteTable<string> {
    const table = new RouteTable<string>();
    for (const [method, pattern] of routes) table.add(method, pattern, `${method ?? 'all'} ${String(pattern)}`);
    return table;
  }

  test('count in the backtracking', () => {
    const table = toTable(['POST', '/users/me'], ['GET', '/users/:id']);
    expect(table.match('GET', '/users/me')?.target).toBe('GET /users/:id');
    expect(table.match('POST', '/users/me')?.target).toBe('POST /users/me');
    expect(table.match('POST', '/users/7')).toBeUndefined();
  });

  test('any method is as specific as its pattern', () => {
    const table = toTable(['GET', '/users/:id'], [null, '/users/me']);
    expect(table.match('GET', '/users/me')?.target).toBe('all /users/me');
    expect(table.match('GET', '/users/7')?.target).toBe('GET /users/:id');
    expect(table.match('PUT', '/users/me')?.target).toBe('all /users/me');
    expect(table.match('PUT', '/users/7')).toBeUndefined();
  });

  test.each<RoutePattern>(['/a', '/:a', '/*a', '/*a/b', '/x:a', /\/a/, null])(
    'the own method goes before any method: %s',
    (pattern) => {
      const path = pattern === '/*a/b' ? '/a/b' : pattern === '/x:a' ? '/xa' : '/a';
      const later = toTable([null, pattern], ['GET', pattern]);
      const earlier = toTable(['GET', pattern], [null, pattern]);
      for (const table of [later, earlier]) {
        expect(table.match('GET', path)?.target).toBe(`GET ${String(pattern)}`);
        expect(table.match('POST', path)?.target).toBe(`all ${String(pattern)}`);
      }
    },
  );

  test('HEAD falls back to GET where nothing was made for HEAD', () => {
    expect(toTable(['GET', '/a']).match('HEAD', '/a')?.target).toBe('GET /a');
    expect(toTable(['GET', '/a'], ['HEAD', '/:x']).match('HEAD', '/a')?.target).toBe('HEAD /:x');
    expect(toTable(['GET', '/a'], ['HEAD', '/b']).match('HEAD', '/a')?.target).toBe('GET /a');
    expect(toTable(['GET', /\/a/]).match('HEAD', '/a')?.target).toBe('GET /\\/a/');
    expect(toTable(['POST', '/a']).match('HEAD', '/a')).toBeUndefined();
    expect(toTable(['GET', '/a'], [null, '/*rest']).match('HEAD', '/a')?.target).toBe('GET /a');
    expect(toTable(['HEAD', '/b'], ['GET', '/a'], [null, null]).match('HEAD', '/a')?.target).toBe('GET /a');
    expect(toTable(['HEAD', '/b'], [null, '/a']).match('HEAD', '/a')?.target).toBe('all /a');
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', ''])('%j is a method like others', (method) => {
    const table = toTable(['GET', '/a']);
    expect(table.match(method, '/a')).toBeUndefined();
    table.add(method, '/a', 'own');
    expect(table.match(method, '/a')?.target).toBe('own');
    expect(table.match('GET', '/a')?.target).toBe('GET /a');
  });

  test('allowed names the methods of all routes that take the path, and the most specific target', () => {
    const table = toTable(
      ['GET', '/users/:id'],
      ['PUT', '/users/me'],
      ['DELETE', '/*all'],
      ['PATCH', /\/users\/.*/],
      ['PROPFIND', '/teams'],
    );
    expect(table.allowed('/users/me')).toEqual({
      methods: ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT'],
      target: 'PUT /users/me',
    });
    expect(table.allowed('/users/7')).toEqual({
      methods: ['DELETE', 'GET', 'HEAD', 'PATCH'],
      target: 'GET /users/:id',
    });
    expect(table.allowed('/teams')).toEqual({ methods: ['DELETE', 'PROPFIND'], target: 'PROPFIND /teams' });
    expect(toTable(['GET', '/a']).allowed('/b')).toBeUndefined();
    expect(toTable(['GET', /\/a/], ['PUT', null]).allowed('/a')).toEqual({
      methods: ['GET', 'HEAD', 'PUT'],
      target: 'GET /\\/a/',
    });
  });

  test('methods names them all', () => {
    expect(new RouteTable().methods()).toEqual([]);
    expect(toTable(['PUT', '/a'], ['GET', '/b'], ['GET', null], [null, '/c']).methods()).toEqual([
      'GET',
      'HEAD',
      'PUT',
    ]);
  });

  test('size counts routes, not variants', () => {
    expect(toTable(['PUT', '/a{/:b}{/:c}'], ['GET', '/b'], [null, null]).size).toBe(3);
  });
});

describe('RegExp and null', () => {
  function toTable(...routes: readonly (readonly [pattern: RoutePattern, prefix?: string])[]): RouteTable<string> {
    const table = new RouteTable<string>();
    for (const [pattern, prefix] of routes) table.add('GET', pattern, `${prefix ?? ''} ${String(pattern)}`, prefix);
    return table;
  }

  const cases: readonly (readonly [pattern: RegExp, path: string, params: Params | undefined])[] = [
    [/\/ws(?:\/.*)?/, '/ws', {}],
    [/\/ws(?:\/.*)?/, '/ws/a/b', {}],
    [/\/ws(?:\/.*)?/, '/wsx', undefined],
    [/\/a/, '/a/b', undefined],
    [/\/a/, '/b/a', undefined],
    [/\/a/, '/a/', undefined],
    [/\/a|\/ab/, '/ab', {}],
    [/^\/a$/, '/a', {}],
    [/\/a/i, '/A', {}],
    [/\/a/g, '/a', {}],
    [/\/a/y, '/a', {}],
    [/\/./, '/\n', {}],
    [/\/./s, '/\n', {}],
    [/^\/a$/m, '/a\n/b', undefined],
    [/\/(?<letter>\p{L})/u, '/é', { letter: 'é' }],
    [/\/(?<id>\d+)/, '/42', { id: '42' }],
    [/\/(\d+)-(?<b>\d+)/, '/1-2', { b: '2' }],
    [/\/(?:(?<word>[a-z]+)|(?<id>\d+))/, '/7', { id: '7' }],
    [/\/(?<text>.*)/, '/a%2Fb%25', { text: 'a/b%' }],
    [/\/(?<__proto__>.*)/, '/x', { ['__proto__']: 'x' }],
  ];

  test.each(cases)('%s of %j is %j', (pattern, path, params) => {
    const table = toTable([pattern]);
    for (let round = 0; round < 2; round += 1) expect(table.match('GET', path)?.params).toEqual(params);
  });

  test('null takes every path, and has no params', () => {
    const table = toTable([null]);
    for (const path of ['/', '/a', '/a/b/', '/%25']) expect(table.match('GET', path)?.params).toEqual({});
  });

  test('what does not begin with a slash is no path', () => {
    const table = toTable([null], [/.*/]);
    expect(table.match('GET', '*')).toBeUndefined();
    expect(table.match('GET', '')).toBeUndefined();
    expect(table.allowed('*')).toBeUndefined();
  });

  test('come after every string that takes the method, in their order', () => {
    const table = toTable([null], [/\/a.*/], ['/*all'], ['/ab']);
    expect(table.match('GET', '/ab')?.target).toBe(' /ab');
    expect(table.match('GET', '/abc')?.target).toBe(' /*all');
    expect(table.match('GET', '/')?.target).toBe(' null');
    expect(toTable([/\/b.*/], [/\/a.*/], [/\/ab.*/], [null]).match('GET', '/abc')?.target).toBe(' /\\/a.*/');
  });

  test('behind a prefix match what follows it', () => {
    const table = toTable([/\/x/, '/api'], [/\//, '/api'], [null, '/all'], [/\/é/, '/caf%C3%A9'], [null, '/100%']);
    expect(table.match('GET', '/api/x')?.target).toBe('/api /\\/x/');
    expect(table.match('GET', '/api')?.target).toBe('/api /\\//');
    expect(table.match('GET', '/api/')?.target).toBe('/api /\\//');
    expect(table.match('GET', '/apix')).toBeUndefined();
    expect(table.match('GET', '/x')).toBeUndefined();
    expect(table.match('GET', '/all')?.target).toBe('/all null');
    expect(table.match('GET', '/all/a/b')?.target).toBe('/all null');
    expect(table.match('GET', '/allx')).toBeUndefined();
    expect(table.match('GET', '/café/é')?.target).toBe('/caf%C3%A9 /\\/é/');
    expect(table.match('GET', '/100%25/a')?.target).toBe('/100% null');
  });
});

describe('a prefix', () => {
  const cases: readonly (readonly [prefix: string, pattern: string, path: string, params: Params | undefined])[] = [
    ['/users', '/', '/users', {}],
    ['/users', '/', '/users/', {}],
    ['/users', '/:id', '/users/7', { id: '7' }],
    ['/', '/users', '/users', {}],
    ['', '/users', '/users', {}],
    ['/api/:version', '/users/:id', '/api/v1/users/7', { version: 'v1', id: '7' }],
    ['{/:lang}', '/about', '/about', {}],
    ['{/:lang}', '/about', '/de/about', { lang: 'de' }],
    ['{/:lang}', '/', '/', {}],
    ['/api{/:version}', '{/:id}', '/api/1', { version: '1' }],
    ['/a', '/*rest', '/a/b/c', { rest: ['b', 'c'] }],
    ['/a', '/*rest', '/a', undefined],
    ['/a\\:', '/b', '/a:/b', {}],
    ['/:a', '/x', '/ax', undefined],
  ];

  test.each(cases)('%j and %s of %s is %j', (prefix, pattern, path, params) => {
    const table = new RouteTable<string>();
    table.add('GET', pattern, 'target', prefix);
    expect(table.match('GET', path)?.params).toEqual(params);
  });

  test("and the pattern '/' are the prefix without a slash, with strictSlashes too", () => {
    const table = new RouteTable<string>({ strictSlashes: true });
    table.add('GET', '/', 'target', '/users');
    expect(table.match('GET', '/users')?.target).toBe('target');
    expect(table.match('GET', '/users/')).toBeUndefined();
  });
});

describe('params', () => {
  test('inherit nothing', () => {
    const table = new RouteTable<string>();
    for (const pattern of ['/static', '/p/:id', /\/r\/(?<id>.*)/, null]) table.add('GET', pattern, String(pattern));
    for (const path of ['/static', '/p/1', '/r/1', '/none']) {
      const params = table.match('GET', path)?.params ?? {};
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
        expect(name in params).toBe(false);
        expect(params[name]).toBeUndefined();
      }
    }
  });

  test.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', '0', 'length'])(
    'one may be called %s',
    (name) => {
      const found = find([`/a/:"${name}"/*x`], '/a/value/y');
      expect(Object.entries(found?.params ?? {})).toEqual(
        expect.arrayContaining([
          [name, 'value'],
          ['x', ['y']],
        ]),
      );
      expect(({} as Params)['value']).toBeUndefined();
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );

  test('belong to one match alone', () => {
    const table = new RouteTable<string>();
    table.add('GET', '/a/:x/*rest', 'a');
    table.add('GET', '/b/:y', 'b');
    const first = table.match('GET', '/a/1/2/3');
    for (let round = 0; round < 100; round += 1) {
      expect(table.match('GET', `/b/${round}`)?.params).toEqual({ y: `${round}` });
      expect(table.match('GET', `/a/${round}/z`)?.params).toEqual({ x: `${round}`, rest: ['z'] });
    }
    expect(first?.params).toEqual({ x: '1', rest: ['2', '3'] });
  });

  test('stand in the order of the pattern', () => {
    expect(Object.keys(find(['/:z/:a-:m/*b'], '/1/2-3/4')?.params ?? {})).toEqual(['z', 'a', 'm', 'b']);
  });
});
