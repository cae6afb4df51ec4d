import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalPath, decodeCapture, parseTarget, toPathname } from '../../src/request/target.ts';

describe('parseTarget (RFC 9112 §3.2)', () => {
  test.each([
    ['/', '/', ''],
    ['/a/b', '/a/b', ''],
    ['/a?', '/a', ''],
    ['/a?b=c', '/a', 'b=c'],
    ['/a?b?c', '/a', 'b?c'],
    ['/a?b=//c', '/a', 'b=//c'],
    ['/a?../b', '/a', '../b'],
    ['/a//b', '/a//b', ''],
    ['/a/', '/a/', ''],
    ['/.well-known/x', '/.well-known/x', ''],
    ['/a..b/..c/d..', '/a..b/..c/d..', ''],
    ['/...', '/...', ''],
    ['/a;b=c', '/a;b=c', ''],
  ])('takes %s as it is', (target, path, search) => {
    expect(parseTarget(target)).toEqual({ path, search, authority: undefined, refusal: undefined });
  });

  test.each([
    ['http://h/a', '/a', 'h', ''],
    ['HTTP://h:80/a?b', '/a', 'h:80', 'b'],
    ['https://h', '/', 'h', ''],
    ['http://h?a=b', '/', 'h', 'a=b'],
  ])('takes the absolute form %s apart', (target, path, authority, search) => {
    expect(parseTarget(target)).toMatchObject({ path, authority, search, refusal: undefined });
  });

  test('takes the asterisk form', () => {
    expect(parseTarget('*')).toMatchObject({ path: '*', refusal: undefined });
  });

  test.each([
    ['two slashes in front', '//evil.example/'],
    ['two slashes in front, absolute form', 'http://h//evil.example'],
    ['nothing but two slashes', '//'],
    ['a backslash', '/a\\b'],
    ['a backslash in the query', '/a?b\\c'],
    ['a NUL', '/a\0'],
    ['a tab', '/a\tb'],
    ['a line break', '/a\nb'],
    ['a blank at the end', '/a '],
    ['a DEL', '/a\x7f'],
    ['a byte that is no ASCII', '/caf\xe9'],
    ['a character that is no ASCII', '/caf\u0119'],
    ['a lone surrogate', '/a\ud800'],
    ['a lone surrogate in the query', '/a?b\udc00'],
    ['an escaped NUL', '/a%00'],
    ['a fragment', '/a#b'],
    ['a fragment in the query', '/a?b#c'],
    ['a dot segment', '/a/./b'],
    ['a double dot segment', '/a/../b'],
    ['a double dot segment at the end', '/a/..'],
    ['a dot segment at the end', '/.'],
    ['an encoded dot segment', '/a/%2e/b'],
    ['an encoded double dot segment', '/a/%2E%2e/b'],
    ['a half encoded double dot segment', '/a/.%2e'],
    ['the other half', '/%2e./a'],
    ['a lone percent sign', '/%'],
    ['half an escape', '/a%2'],
    ['no hexadecimal', '/%zz'],
    ['an overlong slash', '/%c0%af'],
    ['a byte that is no UTF-8', '/%ff'],
    ['an escape of IIS', '/%u0041'],
    ['an encoded surrogate', '/%ed%a0%80'],
    ['a malformed escape in the query', '/a?b=%zz'],
    ['no slash in front', 'a'],
    ['nothing', ''],
    ['another scheme', 'ftp://h/a'],
    ['an authority', 'h:443'],
  ])('refuses %s with 400', (_what, target) => {
    expect(parseTarget(target).refusal).toMatchObject({ status: 400, expose: true });
  });

  test('never throws, and refuses or routes whatever comes', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('/', '.', '%', '2', 'e', 'E', 'f', '\\', '?', '#', 'a', '\0', '*', ':'),
          maxLength: 14,
        }),
        (target) => {
          const { path, refusal } = parseTarget(target);
          if (refusal === undefined && target !== '*') expect(path).toMatch(/^\/(?!\/)/);
          if (refusal === undefined)
            expect(path.split('/').some((segment) => segment === '.' || segment === '..')).toBe(false);
        },
      ),
    );
  });
});

describe('canonicalPath', () => {
  test.each([
    ['/%61', '/a'],
    ['/caf%C3%A9', '/café'],
    ['/a%2Fb', '/a%2Fb'],
    ['/a%2fb', '/a%2Fb'],
    ['/a%25b', '/a%25b'],
    ['/a%252Fb', '/a%252Fb'],
    ['/a%20b', '/a b'],
    ['/%252e%252e%252f', '/%252e%252e%252f'],
  ])('of %s is %s', (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical);
  });

  test('decodes exactly once: what was encoded comes back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0')),
        (text) => {
          expect(decodeCapture(canonicalPath(encodeURIComponent(text)))).toBe(text);
        },
      ),
    );
  });

  test('gives the same form to every way of writing a path', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z%é/]{1,12}$/u), fc.infiniteStream(fc.boolean()), (text, coin) => {
        const variant = [...text]
          .map((char) => (char === '/' ? '%2f' : char === '%' || coin.next().value === true ? percent(char) : char))
          .join('');
        expect(canonicalPath(variant)).toBe(
          canonicalPath([...text].map((char) => (char === '/' ? '%2F' : char === '%' ? '%25' : char)).join('')),
        );
      }),
    );
  });
});

describe('toPathname', () => {
  const pathnameOf = (path: string): string => new URL(`http://host${toPathname(path)}`).pathname;

  test.each([
    ['/admin/..\t/public', '/admin/..%09/public'],
    ['/admin/.\r.', '/admin/.%0D.'],
    ['/\n/a', '/%0A/a'],
    ['/\\a\\..\\b', '/%5Ca%5C..%5Cb'],
    ['/a ', '/a%20'],
    ['/ a', '/%20a'],
    ['/a\u0001', '/a%01'],
    ['/a?b#c', '/a%3Fb%23c'],
    ['/a%2F..%2Fb%25', '/a%2F..%2Fb%25'],
    ['/\u00e9\u2028', '/%C3%A9%E2%80%A8'],
    ['/a;b="c"|[d]', '/a;b=%22c%22|[d]'],
    ['@evil.example', '/@evil.example'],
  ])('of %j is %j', (path, pathname) => {
    expect(pathnameOf(path)).toBe(pathname);
  });

  test('of whatever is not refused leads back to it', () => {
    const piece = fc.oneof(
      fc.constantFrom('/', '.', '..', '\\', ';', 'a', 'public'),
      fc.nat(0x7f).map((code) => `%${code.toString(16).padStart(2, '0')}`),
      fc.string({ unit: 'grapheme', maxLength: 2 }).map(encodeURIComponent),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const { path, refusal } = parseTarget(`/${pieces.join('')}`);
        if (refusal === undefined) expect(canonicalPath(pathnameOf(path))).toBe(path);
      }),
      { numRuns: 2_000 },
    );
  });
});

function percent(char: string): string {
  return [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
