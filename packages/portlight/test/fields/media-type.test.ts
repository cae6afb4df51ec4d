import { describe, expect, test } from 'vitest';
import { isMediaType, mediaTypeOf } from '../../src/fields/media-type.ts';

describe('the type of a file', () => {
  test.each([
    ['a.html', 'text/html; charset=utf-8'],
    ['a.HTML', 'text/html; charset=utf-8'],
    ['a.txt', 'text/plain; charset=utf-8'],
    ['a.css', 'text/css; charset=utf-8'],
    ['a.js', 'text/javascript; charset=utf-8'],
    ['a.mjs', 'text/javascript; charset=utf-8'],
    ['a.csv', 'text/csv; charset=utf-8'],
    ['a.md', 'text/markdown; charset=utf-8'],
    ['a.json', 'application/json'],
    ['a.svg', 'image/svg+xml'],
    ['a.png', 'image/png'],
    ['a.jpg', 'image/jpeg'],
    ['a.webp', 'image/webp'],
    ['a.wasm', 'application/wasm'],
    ['a.woff2', 'font/woff2'],
    ['a.mp4', 'video/mp4'],
    ['a.pdf', 'application/pdf'],
    ['a.tar.gz', 'application/gzip'],
    ['a.webmanifest', 'application/manifest+json'],
    ['/folder.html/a.png', 'image/png'],
    ['a b é.png', 'image/png'],
    ['favicon.ico', 'image/vnd.microsoft.icon'],
    ['live.m3u8', 'application/vnd.apple.mpegurl'],
    ['a.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['a.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
    ['a.pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
    ['a.doc', 'application/msword'],
    ['a.odt', 'application/vnd.oasis.opendocument.text'],
    ['a.apk', 'application/vnd.android.package-archive'],
    ['a.7z', 'application/x-7z-compressed'],
    ['a.rar', 'application/vnd.rar'],
    ['a.swf', 'application/x-shockwave-flash'],
    ['a.mkv', 'video/x-matroska'],
    ['a.flv', 'video/x-flv'],
    ['a.wmv', 'video/x-ms-wmv'],
    ['a.psd', 'image/vnd.adobe.photoshop'],
    ['a.eot', 'application/vnd.ms-fontobject'],
    ['a.crt', 'application/x-x509-ca-cert'],
    ['a.torrent', 'application/x-bittorrent'],
    ['a.mpkg', 'application/vnd.apple.installer+xml'],
    ['a.kml', 'application/vnd.google-earth.kml+xml'],
    ['a.vcf', 'text/x-vcard; charset=utf-8'],
    ['a.c', 'text/x-c; charset=utf-8'],
    ['a.woff', 'font/woff'],
    ['a.avif', 'image/avif'],
    ['a.map', 'application/json'],
    ['a.ics', 'text/calendar; charset=utf-8'],
  ])('of %s is %s', (path, type) => {
    expect(mediaTypeOf(path)).toBe(type);
  });

  test.each([
    'a',
    'html',
    '',
    '/html',
    '/a/html',
    'a.',
    'a.unknown-type',
    '/folder.html/a',
    '.html/a',
    '__proto__',
    'a.__proto__',
    'a.constructor',
    'a.toString',
  ])('of %j is not known: bytes', (path) => {
    expect(mediaTypeOf(path)).toBe('application/octet-stream');
  });
});

describe('types of an app', () => {
  const own = new Map([
    ['m4b', 'audio/mp4'],
    ['html', 'application/xhtml+xml'],
    ['txt', 'text/plain; charset=iso-8859-1'],
    ['plist', 'Text/X-Plist'],
    ['gz', 'application/x-own'],
  ]);

  test.each([
    ['a.m4b', 'audio/mp4'],
    ['a.M4B', 'audio/mp4'],
    ['/x.m4b/a.m4b', 'audio/mp4'],
    ['a.html', 'application/xhtml+xml; charset=utf-8'],
    ['a.txt', 'text/plain; charset=iso-8859-1'],
    ['a.plist', 'Text/X-Plist; charset=utf-8'],
    ['a.tar.gz', 'application/x-own'],
    ['a.css', 'text/css; charset=utf-8'],
    ['m4b', 'application/octet-stream'],
    ['/.m4b', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
  ])('win: %s is %s', (path, type) => {
    expect(mediaTypeOf(path, own)).toBe(type);
  });
});

describe('a media type', () => {
  test.each([
    'a/b',
    'text/html',
    'TEXT/HTML',
    'application/vnd.x+json',
    'text/html;charset=utf-8',
    'text/html ; a=b; c="d; \\" e"',
    'a/b;c=""',
  ])('is %j', (text) => {
    expect(isMediaType(text)).toBe(true);
  });

  test.each([
    '',
    'a',
    'a/',
    '/b',
    'a/b/c',
    'a b/c',
    'a/b c',
    'a/b;',
    'a/b; c',
    'a/b; c=',
    'a/b; =d',
    'a/b; c="d',
    'a/b\r\nx: y',
    'a/b; c="\r\n"',
    'a/b; c="\u0100"',
    ' a/b',
    'a/b ',
    'a/b\n',
    'é/b',
    'text/html, a/b',
  ])('is not %j', (text) => {
    expect(isMediaType(text)).toBe(false);
  });

  test('is told in time that grows with its length alone', () => {
    const long = `a/b${'; c="\\\\'.repeat(20_000)}`;
    expect(isMediaType(long)).toBe(false);
  });
});
