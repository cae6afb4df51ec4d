import { get, request } from '../../../packages/portlight/test/support/raw-client.ts';
import { STREAMS } from '../streams.ts';
import { FIN, type Script } from '../play.ts';
import { table } from './table.ts';

const REPLY_NAMES = [
  'text',
  'text-empty',
  'text-long',
  'text-2-bytes',
  'text-latin1-alike',
  'text-3-bytes',
  'text-emoji',
  'text-half-a-pair',
  'text-long-emoji',
  'text-crlf',
  'bytes-0',
  'bytes-1',
  'bytes-100k',
  'bytes-5m',
  'bytes-buffer',
  'bytes-part-of-buffer',
  'array-buffer',
  'blob',
  'json',
  'json-null',
  'json-zero',
  'json-false',
  'json-empty-array',
  'nothing',
  'promise',
  'response',
  'response-empty',
  'response-problem',
  'response-html',
  'response-raw',
  'standard',
  'standard-empty',
  'nonsense-body',
  'nonsense-object',
  'nonsense-undefined',
  'function',
  'bigint',
  'latin1-field',
  'repeated-fields',
  'cookies',
  'bad-field',
  'emoji-field',
  'empty-field',
  'own-date',
  'own-length',
  'own-coding',
  'own-keep-alive',
  'own-upgrade',
  'own-trailer',
  'own-connection-list',
  'own-close',
  'own-close-upper-case',
  'own-close-empty',
  'own-close-bytes',
  'redirect',
  'redirect-refused',
  'throw',
  'throw-text',
  'throw-http-error',
  'throw-abort',
  'reject',
  'reject-http-error',
  'unknown-name',
] as const;

const STATUSES = [200, 201, 202, 204, 205, 206, 301, 304, 400, 404, 405, 418, 499, 500, 599] as const;

function old(path: string, ...fields: readonly string[]): string {
  return [`GET ${path} HTTP/1.0`, ...fields, '', ''].join('\r\n');
}

const ASKED: Readonly<Record<string, (path: string) => Script>> = {
  GET: (path) => ({ sends: get(path) }),
  'HEAD of': (path) => ({ sends: request('HEAD', path), heads: [0] }),
  'GET and close of': (path) => ({ sends: get(path, 'connection: close') }),
  'GET with trailers of': (path) => ({ sends: get(path, 'te: trailers', 'connection: close') }),
  'two of': (path) => ({ sends: get(path) + get(path), answers: 2 }),
  'HTTP/1.0 of': (path) => ({ sends: old(path) }),
  'HTTP/1.0 that keeps, of': (path) => ({ sends: old(path, 'connection: keep-alive') }),
  'HTTP/1.0 that takes chunks, of': (path) => ({ sends: old(path, 'connection: keep-alive', 'te: chunked') }),
  'HEAD in HTTP/1.0 of': (path) => ({ sends: old(path, 'connection: keep-alive').replace('GET', 'HEAD'), heads: [0] }),
  'two in HTTP/1.0 of': (path) => ({ sends: old(path, 'connection: keep-alive') + old(path), answers: 2 }),
};

/** Fail behind their head. */
const CUT = new Set([
  'too-short',
  'too-short-empty',
  'too-long',
  'too-long-at-once',
  'fails-after-one',
  'fails-after-one-async',
  'fails-after-empty',
  'fails-with-length',
  'fails-long',
  'wrong-chunk-later',
]);

/** Have trailers. */
const TRAILED = Object.keys(STREAMS).filter((name) => name.startsWith('trailers'));
const TAKES_TRAILERS = 'GET with trailers of';
const USUAL = Object.keys(ASKED).filter((way) => way !== TAKES_TRAILERS);

function ask(paths: readonly string[], ways: readonly string[] = USUAL): Readonly<Record<string, Script>> {
  return table(
    paths.flatMap((path) => ways.map((way) => [way, path] as const)),
    ([way, path]) => [`${way} ${path}`, (ASKED[way] as (path: string) => Script)(path)],
  );
}

/** All that an app can answer with. */
export const RESPONSE_CASES: Readonly<Record<string, Script>> = {
  ...ask(REPLY_NAMES.filter((name) => !name.startsWith('own-close')).map((name) => `/reply/${name}`)),
  // What is served behind one of these is chance in HTTP/1.0, where requests wait for one another.
  ...ask(
    REPLY_NAMES.filter((name) => name.startsWith('own-close')).map((name) => `/reply/${name}`),
    USUAL.filter((way) => way !== 'two in HTTP/1.0 of'),
  ),
  ...ask(
    STATUSES.flatMap((status) => [`/status/${status}`, `/empty/${status}`]),
    [
      'GET',
      'HEAD of',
      'GET and close of',
      'two of',
      'HTTP/1.0 of',
      'HTTP/1.0 that keeps, of',
      'HTTP/1.0 that takes chunks, of',
      'HEAD in HTTP/1.0 of',
      'two in HTTP/1.0 of',
    ],
  ),
  ...ask(
    [
      '/limited',
      '/checked-reply',
      '/checked-reply-bad',
      '/wrapped',
      '/wrapped/throw',
      '/wrapped/stream',
      '/wrapped/missing',
      '/wrapped/none',
      '/bad-interceptor',
    ],
    ['GET', 'HEAD of', 'GET and close of'],
  ),
  'a POST to a reply': { sends: request('POST', '/reply/text', [], 'x') },
};

/** Streams of all kinds, and of all ways to fail. */
export const STREAM_CASES: Readonly<Record<string, Script>> = {
  ...ask(
    Object.keys(STREAMS)
      .filter((name) => !CUT.has(name) && name !== 'says-close')
      .map((name) => `/stream/${name}`),
  ),
  ...ask(
    TRAILED.filter((name) => name !== 'trailers-fail').map((name) => `/stream/${name}`),
    [TAKES_TRAILERS],
  ),
  'GET with trailers that fail': { sends: get('/stream/trailers-fail', 'te: trailers'), isCut: true },
  ...ask(['/stream/says-close'], ['GET', 'HEAD of', 'GET and close of', 'HTTP/1.0 of', 'HTTP/1.0 that keeps, of']),
  ...ask(
    [...CUT].map((name) => `/stream/${name}`),
    ['HEAD of'],
  ),
  ...table(
    [...CUT].flatMap((name) =>
      ['GET', 'GET and close of', 'two of', 'HTTP/1.0 of', 'HTTP/1.0 that keeps, of', 'two in HTTP/1.0 of'].map(
        (way) => [way, name] as const,
      ),
    ),
    ([way, name]) => [
      `${way} /stream/${name}`,
      { ...(ASKED[way] as (path: string) => Script)(`/stream/${name}`), isCut: true, isLongCut: name === 'fails-long' },
    ],
  ),
  'a stream between others': { sends: get('/') + get('/stream/async') + get('/reply/bytes-1'), answers: 3 },
  'a failing stream between others': {
    sends: get('/') + get('/stream/fails-after-one-async') + get('/') + get('/'),
    answers: 4,
    isCut: true,
  },
  'a stream that fails at once between others': {
    sends: get('/') + get('/stream/fails-at-once') + get('/'),
    answers: 3,
  },
  'a long stream behind a slow one': {
    sends: get('/turns/20') + get('/stream/long') + get('/stream/many'),
    answers: 3,
  },
  'a long stream, half-closed': { sends: [get('/stream/long-async'), FIN] },
};
