import { FIN, type Script } from '../play.ts';
import { table } from './table.ts';

const HOSTS = [
  'a', 'A', 'a:80', 'a:', 'a:99999', 'a:8080x', '', ' ', 'a b', 'a, b', 'a,b', 'a/b', 'a\\b', 'a?b', 'a#b', 'u@a', 'a%41', 'a%zz', 'a%', '[::1]', '[::1]:80', '[::1', '::1', '[x]', '127.0.0.1', '1.2.3', '256.256.256.256', '0x7f.1', 'a..b', '.', '-', '_', "a!$&'()*+;=", 'a\tb', 'xn--a', '\xe9', 'a\x7f', 'a.example.com.', 'a'.repeat(261), 'a'.repeat(262), 'a b:80', 'http://a',
] as const;

/** Lines after the request line; each list is one head. */
const HEADS: readonly (readonly string[])[] = [
  [], ['Host: a'], ['HOST: a'], ['hOsT:a'], ['host: a', 'host: a'], ['host: a', 'host: b'], ['host: a', 'Host:'], ['x: y'], ['host : a'], ['host\t: a'], [' host: a'], ['host: a', ' folded'], ['host: a', '\tfolded'], ['host:', ' a'], ['host: a', 'x:', ' y'], ['host: a', 'x: y', ' z', '\tw'], [' x', 'host: a'],
  ['host: a', 'x'], ['host: a', ':'], ['host: a', ': x'], ['host: a', ':x'], ['host: a', 'x:'], ['host: a', 'x: '], ['host: a', 'x:  '], ['host: a', 'x:\t'], ['host: a', 'x:y'], ['host: a', 'x:  y'], ['host: a', 'x: y '], ['host: a', 'x: y\t'], ['host: a', 'x:\ty'], ['host: a', 'x: \t y \t '], ['host: a', 'x: a  b'], ['host: a', 'x: a\tb'], ['host: a', 'x : y'], ['host: a', 'x\t: y'], ['host: a', 'x y: z'], ['host: a', 'x::y'], ['host: a', 'x: :'],
  ['host:  a'], ['host: a '], ['host:a '], ['host:\ta'], ['host: a\t'], ['host: a', 'x: 1', 'x: 2', 'X: 3'], ['host: a', 'cookie: a=b', 'cookie: c=d'], ['host: a', 'cookie: a=b; c="d e"; a=x; %=1; e'], ['host: a', 'cookie:'], ['host: a', 'set-cookie: a=b', 'set-cookie: c=d'], ['host: a', 'content-type: a', 'content-type: b'], ['host: a', 'user-agent: a', 'user-agent: b'], ['host: a', '__proto__: x'], ['host: a', 'constructor: x'], ['host: a', 'x-latin1: \xe9\xff\x80'], ['host: a', 'x-utf8: \xc3\xa9'], ['host: a', 'x: \x01'], ['host: a', 'x: a\0b'], ['host: a', 'x: a\rb'], ['host: a', 'x: a\nb: c'], ['host: a', 'x\0: y'],
  ['host: a', 'connection: close'], ['host: a', 'connection: Close'], ['host: a', 'CONNECTION: CLOSE'], ['host: a', 'connection: close '], ['host: a', 'connection:close'], ['host: a', 'connection: keep-alive'], ['host: a', 'connection: Keep-Alive'], ['host: a', 'connection: keep-alive, close'], ['host: a', 'connection: close, keep-alive'], ['host: a', 'connection: keep-alive', 'connection: close'], ['host: a', 'connection: close', 'connection: keep-alive'], ['host: a', 'connection: x'], ['host: a', 'connection: close, x'], ['host: a', 'connection: x, close'], ['host: a', 'connection:'], ['host: a', 'connection: ,'], ['host: a', 'connection: closed'], ['host: a', 'connection: clos'], ['host: a', 'connection: host'], ['host: a', 'connection: te', 'te: trailers'], ['host: a', 'proxy-connection: close'], ['host: a', 'proxy-connection: keep-alive'], ['host: a', 'keep-alive: timeout=5'], ['host: a', 'connection: upgrade'], ['host: a', 'upgrade: websocket'], ['host: a', 'connection: upgrade', 'upgrade: websocket'], ['host: a', 'connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABk'], ['host: a', 'connection: upgrade', 'upgrade:'], ['host: a', 'connection: upgrade, close', 'upgrade: x'],
  ['host: a', 'expect: 100-continue'], ['host: a', 'expect: x'], ['host: a', 'expect:'], ['host: a', 'te: trailers'], ['host: a', 'trailer: x'], ['host: a', 'transfer-encoding: identity'], ['host: a', 'transfer-encoding:'], ['host: a', 'transfer-encoding: gzip'], ['host: a', 'transfer_encoding: chunked'], ['host: a', 'content_length: 5'], ['host: a', 'range: bytes=0-1'], ['host: a', 'x-forwarded-for: 1.2.3.4', 'forwarded: for=5.6.7.8'], ['host: a', 'x-http-method-override: DELETE'],
  ['host: a', `x: ${'y'.repeat(8_000)}`], ['host: a', `x: ${'y'.repeat(16_200)}`], ['host: a', `x: ${'y'.repeat(16_400)}`], ['host: a', `${'x'.repeat(9_000)}: y`], ['host: a', ...Array.from({ length: 99 }, (_, index) => `x${index}: y`)], ['host: a', ...Array.from({ length: 100 }, (_, index) => `x${index}: y`)], ['host: a', ...Array.from({ length: 99 }, () => 'x: y')],
];

/** Other ends of lines than CRLF, by what they stand for. */
const ENDS = ['\n', '\r', '\r\r\n', '\n\r', '\n\n', '\0\r\n', ' \r\n'] as const;
const FRONTS = ['\r\n', '\r\n\r\n', '\n', '\r', '\n\n\n', ' ', '\t', '\0', '\r\n '] as const;

/** Field lines in all their forms. */
export const HEADER_LINE_CASES: Readonly<Record<string, Script>> = {
  ...table(HOSTS, (host) => [`the host ${JSON.stringify(host).slice(0, 80)} ${host.length}`, { sends: `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n` }]),
  ...table(HEADS, (lines) => [`the lines ${JSON.stringify(lines).slice(0, 120)} ${lines.join().length}`, { sends: ['GET /any HTTP/1.1', ...lines, '', ''].join('\r\n') }]),
  ...table(ENDS, (end) => [`the request line ends with ${JSON.stringify(end)}`, { sends: `GET / HTTP/1.1${end}host: a\r\n\r\n` }]),
  ...table(ENDS, (end) => [`a field line ends with ${JSON.stringify(end)}`, { sends: `GET / HTTP/1.1\r\nhost: a${end}x: y\r\n\r\n` }]),
  ...table(ENDS, (end) => [`the head ends with ${JSON.stringify(end)}`, { sends: [`GET / HTTP/1.1\r\nhost: a\r\n${end}`, FIN] }]),
  ...table(FRONTS, (front) => [`in front of it ${JSON.stringify(front)}`, { sends: `${front}GET / HTTP/1.1\r\nhost: a\r\n\r\n` }]),
  ...table(FRONTS, (front) => [`between two ${JSON.stringify(front)}`, { sends: `GET / HTTP/1.1\r\nhost: a\r\n\r\n${front}GET /any HTTP/1.1\r\nhost: a\r\n\r\n`, answers: 2 }]),
  ...table(['\r\n', '\n', 'x', '\0', 'GET', ' '], (tail) => [`behind it ${JSON.stringify(tail)}`, { sends: [`GET / HTTP/1.1\r\nhost: a\r\n\r\n${tail}`, { responses: 1 }, FIN], answers: 2 }]),
};
