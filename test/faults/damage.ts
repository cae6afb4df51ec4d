import { type GoodRequest, makeGoodRequest, toBytes } from './good-requests.ts';
import type { Random } from './random.ts';

const BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\n\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\0',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  '1',
  'a',
  '/',
  '?',
  '#',
  '%',
  '%00',
  '\\',
  '..',
  '=',
  '+',
  '-',
  '*',
] as const;

const LINES = [
  'content-length: 0',
  'content-length: 5',
  'content-length: 5\t',
  'connection: close\t',
  'transfer-encoding: chunked\t',
  'content-length: +5',
  'content-length: 5, 5',
  'content-length: 99999999999999999999',
  'content-length:',
  ' content-length: 5',
  'content-length : 5',
  'transfer-encoding: chunked',
  'transfer-encoding: identity',
  'transfer-encoding: xchunked',
  'transfer-encoding:',
  'transfer-encoding: chunked, chunked',
  'Transfer-Encoding : chunked',
  'transfer-encoding:\x0bchunked',
  'transfer_encoding: chunked',
  'host: b',
  'host:',
  'host: a b',
  'connection: close',
  'connection: keep-alive',
  'connection: upgrade',
  'upgrade: h2c',
  'upgrade: websocket',
  'expect: 100-continue',
  'expect: x',
  'trailer: content-length',
  '__proto__: x',
  'x',
  ': x',
  ' x: y',
  'x\0: y',
  'x: \x01',
  'content-encoding: gzip',
  'range: bytes=0-,-1',
  'content-type: ;',
  'content-type: multipart/form-data',
  `x-long: ${'y'.repeat(3_000)}`,
] as const;

const REQUEST_LINES = [
  'GET /',
  'GET / HTTP/2.0',
  'GET / HTTP/1.0',
  'GET / HTTP/1.2',
  'POST /echo HTTP/1.9',
  'FOO / HTTP/1.1',
  'GET  / HTTP/1.1',
  'GET /\t HTTP/1.1',
  ' GET / HTTP/1.1',
  'GET * HTTP/1.1',
  'CONNECT a:1 HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'PRI * HTTP/2.0',
  'GET //x HTTP/1.1',
  'GET /a/../b HTTP/1.1',
  'POST /echo HTTP/1.0',
  'get / HTTP/1.1',
  'GET / http/1.1',
  'HTTP/1.1 200 OK',
] as const;

const SIZES = [
  '0x3',
  '-1',
  '+3',
  ' 3',
  '3_0',
  '',
  'ffffffffffffffff',
  '10000000000000005',
  '3;\n',
  `3;${'e'.repeat(500)}`,
  '00000000003',
  '4',
  '2',
  'g',
  '3 ',
  '3\r',
  '3\n',
] as const;

const KINDS: readonly ((request: GoodRequest, random: Random) => string)[] = [
  (request, random) => edit(toBytes(request), random, 'flip'),
  (request, random) => edit(toBytes(request), random, 'insert'),
  (request, random) => edit(toBytes(request), random, 'remove'),
  (request, random) => edit(edit(edit(toBytes(request), random, 'flip'), random, 'insert'), random, 'remove'),
  (request, random) => toBytes(request).slice(0, random.below(toBytes(request).length)),
  (request, random) => toBytes({ ...request, fields: insertAt(request.fields, random.pick(LINES), random) }),
  (request, random) =>
    toBytes({
      ...request,
      fields: insertAt(insertAt(request.fields, random.pick(LINES), random), random.pick(LINES), random),
    }),
  (request, random) => toBytes({ ...request, fields: insertAt(request.fields, random.pick(request.fields), random) }),
  (request, random) => toBytes({ ...request, fields: request.fields.filter(() => random.chance(60)) }),
  (request, random) =>
    toBytes({
      ...request,
      fields: request.fields.map((field) =>
        random.chance(40) ? field.replace(/: ?/, random.pick([':', ' : ', ':\r\n ', ':\t', '\r\n: '])) : field,
      ),
    }),
  (request, random) => toBytes({ ...request, line: random.pick(REQUEST_LINES) }),
  (request, random) =>
    toBytes({
      ...request,
      line: request.line.replace('HTTP/1.1', random.pick(['HTTP/1.0', 'HTTP/1.0', 'HTTP/1.2'])),
      fields: random.chance(50) ? [...request.fields, 'connection: keep-alive'] : request.fields,
    }),
  (_request, random) =>
    toBytes({
      line: 'POST /echo HTTP/1.1',
      fields: ['host: a', 'transfer-encoding: chunked'],
      body: `${random.pick(SIZES)}\r\n${random.pick(['abc', 'ab', 'abcd', ''])}${random.pick(['\r\n', '\n', '', '\r'])}${random.pick(['0\r\n\r\n', '0\r\n', '0\n\n', '\r\n', '00\r\n\r\n', ''])}`,
    }),
  (request, random) => toBytes(request).replaceAll('\r\n', random.pick(['\n', '\r', '\r\r\n', '\r\n\r\n'])),
  (request, random) =>
    toBytes({ ...request, body: request.body.slice(random.below(request.body.length + 1)) + random.pick(BYTES) }),
  (_request, random) =>
    Array.from({ length: 1 + random.below(300) }, () => String.fromCharCode(random.below(256))).join(''),
  (_request, random) =>
    Array.from({ length: 1 + random.below(60) }, () => random.pick([...BYTES, ...LINES, ...REQUEST_LINES])).join(''),
  (_request, random) =>
    random.pick([
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'SSH-2.0-x\r\n',
      'EHLO a\r\n',
      '\0'.repeat(64),
      '\r\n'.repeat(50),
      '\x04\x01\0\x50\x7f\0\0\x01\0',
      '*1\r\n$4\r\nPING\r\n',
    ]),
];

/** One bad request, or a pipeline with a bad one in it. Some come out good all the same. */
export function makeDamagedBytes(random: Random): string {
  const damaged = random.pick(KINDS)(makeGoodRequest(random), random);
  if (random.chance(70)) return damaged;
  const before = Array.from({ length: random.below(3) }, () => toBytes(makeGoodRequest(random))).join('');
  const after = Array.from({ length: random.below(3) }, () => toBytes(makeGoodRequest(random))).join('');
  return before + damaged + after;
}

function edit(bytes: string, random: Random, how: 'flip' | 'insert' | 'remove'): string {
  const at = random.below(bytes.length + 1);
  if (how === 'insert') return bytes.slice(0, at) + random.pick(BYTES) + bytes.slice(at);
  if (how === 'remove') return bytes.slice(0, at) + bytes.slice(at + 1 + random.below(4));
  return (
    bytes.slice(0, at) + String.fromCharCode((bytes.charCodeAt(at) || 0) ^ (1 << random.below(8))) + bytes.slice(at + 1)
  );
}

function insertAt(fields: readonly string[], line: string, random: Random): readonly string[] {
  return fields.toSpliced(random.below(fields.length + 1), 0, line);
}
