import { chunks, request } from '../../../packages/portlight/test/support/raw-client.ts';
import { FIN, type Script } from '../play.ts';
import { table } from './table.ts';

const LENGTHS: readonly (readonly string[])[] = [
  ['5'],
  ['05'],
  ['+5'],
  ['-5'],
  [' 5'],
  ['5 '],
  ['5\t'],
  ['\t5'],
  ['5, 5'],
  ['5,5'],
  ['5', '5'],
  ['5', '6'],
  ['0'],
  ['00'],
  ['0', '5'],
  [''],
  [' '],
  ['5x'],
  ['x'],
  ['0x5'],
  ['5.0'],
  ['5e0'],
  ['1e1'],
  ['٥'],
  ['5;'],
  ['"5"'],
  ['99999999999999999999'],
  ['18446744073709551616'],
  ['18446744073709551621'],
  ['9007199254740993'],
  ['5\0'],
  ['5\x0b'],
  ['５'],
  ['000000000000000000005'],
];

const BODIES = [
  'hello',
  '',
  'a',
  '\0\xff\r\n\r\n',
  'GET /none HTTP/1.1\r\nhost: a\r\n\r\n',
  'ü',
  'x'.repeat(70_000),
] as const;
const READERS = ['bytes', 'text', 'json', 'form', 'stream', 'twice', 'late', 'cancel', 'not'] as const;

const JSON_BODIES = [
  '{"a":1}',
  '[]',
  '"x"',
  '1',
  'null',
  '',
  '{',
  '{"__proto__":1}',
  '{"a":1,"a":2}',
  '\ufeff{}',
  'ü',
  '[[[[[]]]]]',
  'NaN',
  ' {} ',
  '[1,]',
] as const;

const CHUNKED: Readonly<Record<string, string>> = {
  chunks: `${chunks('hello', ' ', 'world')}0\r\n\r\n`,
  'no chunk': '0\r\n\r\n',
  'an extension': '5;a=b\r\nhello\r\n0\r\n\r\n',
  'a trailer': `${chunks('a')}0\r\nx-t: u\r\n\r\n`,
  'upper case': 'A\r\n0123456789\r\n0\r\n\r\n',
  'leading zeros': '005\r\nhello\r\n0\r\n\r\n',
  'a damaged size': 'g\r\nhello\r\n0\r\n\r\n',
  'a wrong size': '4\r\nhello\r\n0\r\n\r\n',
  'a bare LF': '5\nhello\n0\n\n',
};

function post(path: string, lengths: readonly string[], body: string): string {
  return (
    ['POST', path, 'HTTP/1.1\r\nhost: a\r\n'].join(' ') +
    lengths.map((length) => `content-length: ${length}\r\n`).join('') +
    `\r\n${body}`
  );
}

/** Bodies, how their length is said, and how they are read. */
export const BODY_CASES: Readonly<Record<string, Script>> = {
  ...table(LENGTHS, (lengths) => [
    `the length ${JSON.stringify(lengths)}`,
    { sends: [post('/read/bytes', lengths, 'hello'), FIN] },
  ]),
  ...table(LENGTHS, (lengths) => [
    `the length ${JSON.stringify(lengths)} to a route that reads nothing`,
    { sends: [post('/any', lengths, 'hello'), FIN] },
  ]),
  ...table(
    BODIES.flatMap((body) => READERS.map((reader) => [body, reader] as const)),
    ([body, reader]) => [
      `${JSON.stringify(body.slice(0, 20))} of ${body.length} read by ${reader}`,
      { sends: request('POST', `/read/${reader}`, [], body) },
    ],
  ),
  ...table(JSON_BODIES, (body) => [
    `the JSON ${JSON.stringify(body)}`,
    { sends: request('POST', '/read/json', ['content-type: application/json'], Buffer.from(body).toString('latin1')) },
  ]),
  ...table(['gzip', 'identity', 'x'], (coding) => [
    `the coding ${coding}`,
    { sends: request('POST', '/read/text', [`content-encoding: ${coding}`], 'x') },
  ]),
  ...table(['a=1&b=2', 'a=%C3%BC&a=+', '', 'a', '%'], (body) => [
    `the form ${body}`,
    { sends: request('POST', '/read/form', ['content-type: application/x-www-form-urlencoded'], body) },
  ]),
  ...table(
    [
      '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b\r\ncontent-disposition: form-data; name="f"; filename="f.txt"\r\n\r\nfile\r\n--b--\r\n',
      '--b',
      '',
    ],
    (body) => [
      `the form of ${body.length} bytes in parts`,
      { sends: request('POST', '/read/form', ['content-type: multipart/form-data; boundary=b'], body) },
    ],
  ),
  ...table(
    Object.keys(CHUNKED).flatMap((name) => READERS.map((reader) => [name, reader] as const)),
    ([name, reader]) => [
      `in chunks, ${name}, read by ${reader}`,
      {
        sends: [
          `POST /read/${reader} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n`,
          CHUNKED[name] as string,
          FIN,
        ],
      },
    ],
  ),
  ...table(Object.keys(CHUNKED), (name) => [
    `in chunks, ${name}, in one piece`,
    { sends: [`POST /read/bytes HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKED[name]}`, FIN] },
  ]),
  ...table(['5', '6', '4'], (length) => [
    `chunks and the length ${length}`,
    {
      sends: [
        `POST /read/bytes HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
        FIN,
      ],
    },
  ]),
  'a body without a length': {
    sends: ['POST /read/bytes HTTP/1.1\r\nhost: a\r\n\r\nhello', { responses: 1 }, FIN],
    answers: 2,
  },
  'a body of a GET': { sends: request('GET', '/read/bytes', [], 'hello') },
  'a body too large by its length': { sends: request('POST', '/read-little', [], 'hello') },
  'a body too large by its length, and close': {
    sends: request('POST', '/read-little', ['connection: close'], 'hello'),
  },
  'a body just not too large': { sends: request('POST', '/read-little', [], 'four') },
  'a body too large in chunks': {
    sends: [
      'POST /read-little HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
      '5\r\nhello\r\n',
      '0\r\n\r\n',
      FIN,
    ],
  },
  'a body too large and a request behind it': {
    sends: request('POST', '/read-little', [], 'hello') + request('GET', '/'),
    answers: 2,
  },
  'a body over the limit of the server': { sends: request('POST', '/read/bytes', [], 'x'.repeat(1_048_577)) },
  'a body at the limit of the server': { sends: request('POST', '/read/bytes', [], 'x'.repeat(1_048_576)) },
  'an unread body': { sends: request('POST', '/none', [], 'hello') + request('GET', '/'), answers: 2 },
  'Expect, and the body after 100': {
    sends: [
      'POST /read/bytes HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n',
      { responses: 1 },
      'hello',
    ],
  },
  'Expect, and the body at once': {
    sends: 'POST /read/bytes HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\nhello',
  },
  'Expect, and no reader': {
    sends: 'POST /any HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n',
  },
  'Expect with something else': { sends: request('POST', '/read/bytes', ['expect: 200-ok'], 'hello') },
  'checked and right': { sends: request('POST', '/checked/7?q=x', ['content-type: application/json'], '{"name":"n"}') },
  'checked, and the body is wrong': {
    sends: request('POST', '/checked/7', ['content-type: application/json'], '{"age":"x"}'),
  },
  'checked, and the params are wrong': {
    sends: request('POST', '/checked/x?q=1&q=2', ['content-type: application/json'], '{"name":"n"}'),
  },
  'checked, and no JSON': { sends: request('POST', '/checked/7', ['content-type: application/json'], '{') },
  'checked, and another type': { sends: request('POST', '/checked/7', ['content-type: image/png'], '{') },
  'checked, and no body': { sends: request('POST', '/checked/7') },
  'checked, and a form': {
    sends: request('POST', '/checked/7', ['content-type: application/x-www-form-urlencoded'], 'name=n'),
  },
};
