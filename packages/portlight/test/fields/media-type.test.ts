import { describe, expect, test } from 'vitest';
import { mediaTypeOf } from '../../src/fields/media-type.ts';

describe('the type of a file', () => {
  test.each([
    ['a.html', 'text/html; charset=utf-8'], ['a.HTML', 'text/html; charset=utf-8'], ['a.txt', 'text/plain; charset=utf-8'], ['a.css', 'text/css; charset=utf-8'],
    ['a.js', 'text/javascript; charset=utf-8'], ['a.mjs', 'text/javascript; charset=utf-8'], ['a.csv', 'text/csv; charset=utf-8'], ['a.md', 'text/markdown; charset=utf-8'],
    ['a.json', 'application/json'], ['a.svg', 'image/svg+xml'], ['a.png', 'image/png'], ['a.jpg', 'image/jpeg'], ['a.webp', 'image/webp'], ['a.wasm', 'application/wasm'],
    ['a.woff2', 'font/woff2'], ['a.mp4', 'video/mp4'], ['a.pdf', 'application/pdf'], ['a.tar.gz', 'application/gzip'], ['a.webmanifest', 'application/manifest+json'],
    ['/folder.html/a.png', 'image/png'], ['a b é.png', 'image/png'],
  ])('of %s is %s', async (path, type) => {
    expect(await mediaTypeOf(path)).toBe(type);
  });

  test.each(['a', '', '/html', '/a/html', 'a.', 'a.unknown-type', '/folder.html/a', '.html/a', '__proto__', 'a.__proto__', 'a.constructor', 'a.toString'])('of %j is not known: bytes', async (path) => {
    expect(await mediaTypeOf(path)).toBe('application/octet-stream');
  });
});
