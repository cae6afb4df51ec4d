import { get, request } from '../../../packages/portlight/test/support/raw-client.ts';
import type { Script } from '../play.ts';
import { table } from './table.ts';

/** Fields that change what is sent of a file of 26 letters. */
const ASKING: readonly (readonly string[])[] = [
  [],
  ['range: bytes=0-4'],
  ['range: bytes=5-'],
  ['range: bytes=-3'],
  ['range: bytes=0-0'],
  ['range: bytes=25-99'],
  ['range: bytes=26-'],
  ['range: bytes=99-'],
  ['range: bytes=5-2'],
  ['range: bytes=0-1,3-4'],
  ['range: x'],
  ['range: bytes='],
  ['if-none-match: *'],
  ['if-none-match: "x"'],
  ['if-match: "x"'],
  ['if-match: *'],
  ['if-modified-since: Sat, 01 Jan 2050 00:00:00 GMT'],
  ['if-unmodified-since: Sat, 01 Jan 2000 00:00:00 GMT'],
  ['range: bytes=0-4', 'if-range: "x"'],
  ['accept-encoding: gzip'],
  ['accept-encoding: gzip', 'range: bytes=0-4'],
  ['connection: close'],
  ['connection: close', 'range: bytes=2-3'],
];

const PATHS = [
  '/file/page.txt',
  '/file/empty.txt',
  '/file/large.bin',
  '/file/none.txt',
  '/file/..%2fsecret',
  '/file/.hidden',
  '/file/folder',
  '/file-404',
] as const;

/** Files, parts of them, and HEAD of both. */
export const FILE_CASES: Readonly<Record<string, Script>> = {
  ...table(
    ASKING.flatMap((fields) => ['GET', 'HEAD'].map((method) => [method, fields] as const)),
    ([method, fields]) => [
      `${method} with ${fields.join(', ') || 'nothing'}`,
      { sends: request(method, '/file/page.txt', fields), heads: method === 'HEAD' ? [0] : [] },
    ],
  ),
  ...table(
    PATHS.flatMap((path) => ['GET', 'HEAD'].map((method) => [method, path] as const)),
    ([method, path]) => [`${method} ${path}`, { sends: request(method, path), heads: method === 'HEAD' ? [0] : [] }],
  ),
  'a part of a large one': { sends: get('/file/large.bin', 'range: bytes=1000000-2999999') },
  'three at once': {
    sends: get('/file/page.txt') + get('/file/large.bin') + get('/file/page.txt', 'range: bytes=1-2'),
    answers: 3,
  },
  'HTTP/1.0': { sends: 'GET /file/page.txt HTTP/1.0\r\n\r\n' },
};
