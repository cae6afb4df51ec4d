import { get } from '../../../packages/portlight/test/support/raw-client.ts';
import type { Script } from '../play.ts';
import { table } from './table.ts';

const TARGETS = [
  '/', '/?', '/?a', '/?a=1&a=2&b=', '/?a=%20+x&%C3%BC=%F0%9F%91%8B', '/?a=%', '/?a=%zz', '/?a=%ff', '/?%00', '/?a[]=1&a[b]=2', '/?__proto__=1&constructor=2', '/?a=b=c&&', '/?/x/../y', '/?a?b',
  '/items/7', '/items/7/', '/items//7', '/items/', '/items/a%2Fb', '/items/a%2fb', '/items/%41', '/items/caf%C3%A9', '/items/%25', '/items/%2525', '/items/%', '/items/%4', '/items/%zz', '/items/%ff', '/items/%00', '/items/a;b=c', '/items/a,b', '/items/[x]', '/items/{x}', '/items/"x"', '/items/<x>', '/items/a|b', '/items/a^b', '/items/a`b',
  '/tree/a/b/c', '/tree/', '/tree', '/tree/a%2Fb/c', '/tree/a/./b', '/tree/a/../b', '/tree/a/%2e%2e/b', '/tree/..', '/tree/...', '/tree/a..b',
  '//', '//evil', '///', '/\\', '/a\\b', '/#', '/a#b', '/?a#b', '*', '/*', '**', '?', '?a', 'x', 'x/y', '.', '..', '/..', '/.', '/%2e', ':80', '@', '#',
  'http://test/', 'http://test', 'http://test?x=1', 'http://other/items/7', 'HTTP://TEST/items/7', 'https://test/items/7', 'http://test:81/items/7', 'http://', 'http:///x', 'http://a b/', 'http://u:p@test/', 'http://[::1]/items/7', 'http://[::1', 'http://test#x', 'http://test/a/../b', 'ftp://test/', 'ws://test/', 'test:80', 'mailto:a', 'urn:x',
  '/caf\xc3\xa9', '/items/\xff', '/?\xe9', '/\x7f', '/\x80', `/${'a'.repeat(8_191)}`, `/${'a'.repeat(8_192)}`, `/?${'a'.repeat(8_190)}`, `/?${'a'.repeat(8_191)}`, `/${'%41'.repeat(2_730)}`,
] as const;

const REQUEST_LINES = [
  'GET  / HTTP/1.1', 'GET /  HTTP/1.1', ' GET / HTTP/1.1', '\tGET / HTTP/1.1', 'GET\t/ HTTP/1.1', 'GET /\tHTTP/1.1', 'GET / HTTP/1.1 ', 'GET / HTTP/1.1\t', 'GET /', 'GET', 'GET / ', 'GET / HTTP/0.9', 'GET / HTTP/1.0', 'GET / HTTP/1.2', 'GET / HTTP/1.10', 'GET / HTTP/01.1', 'GET / HTTP/2.0', 'GET / HTTP/3.0', 'GET / HTTP/1', 'GET / HTTP/1.', 'GET / HTTP/.1', 'GET / HTTP/a.b', 'GET / http/1.1', 'GET / HTTPS/1.1', 'GET / HTTP 1.1', 'GET / XHTTP/1.1', 'GET / ICE/1.0', 'GET / RTSP/1.0', 'GET / x HTTP/1.1', 'GET /\0 HTTP/1.1', 'GET / HTTP/1.1\0', 'GET / HTTP/1.1\r', '', 'HTTP/1.1 200 OK', 'PRI * HTTP/2.0', '\xef\xbb\xbfGET / HTTP/1.1',
] as const;

/** The request line in all its forms. */
export const TARGET_CASES: Readonly<Record<string, Script>> = {
  ...table(TARGETS, (target) => [`the target ${target.length > 100 ? `${target.slice(0, 9)}…${target.length}` : target}`, { sends: get(target) }]),
  ...table(REQUEST_LINES, (line) => [`the line ${JSON.stringify(line)}`, { sends: `${line}\r\nhost: a\r\n\r\n` }]),
};
