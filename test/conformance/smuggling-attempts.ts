import { chunked, head, post } from './strict-app.ts';

const INNER = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n';

/** Requests of which two readers may see different ends, each with `GET /smuggled` where it must not be found. */
export const SMUGGLING: readonly (readonly [what: string, bytes: string])[] = [
  [
    'a length and chunks',
    post([`content-length: ${INNER.length + 5}`, 'transfer-encoding: chunked'], `0\r\n\r\n${INNER}`),
  ],
  ['chunks and a length', post(['transfer-encoding: chunked', 'content-length: 4'], `5c\r\n${INNER}0\r\n\r\n`)],
  ...[
    'xchunked',
    'chunked, identity',
    'identity, chunked',
    ' chunked',
    '\tchunked',
    '\x0bchunked',
    '"chunked"',
    'chunked\x0b',
    ',chunked',
    'chunked;x',
    'CHUNKED\0',
  ].map(
    (coding) =>
      [
        `a length and the coding ${JSON.stringify(coding)}`,
        post([`content-length: ${INNER.length + 5}`, `transfer-encoding:${coding}`], `0\r\n\r\n${INNER}`),
      ] as const,
  ),
  [
    'a length and a coding with a blank before the colon',
    post([`content-length: ${INNER.length + 5}`, 'transfer-encoding : chunked'], `0\r\n\r\n${INNER}`),
  ],
  [
    'a length and a coding behind a bare line feed',
    post([`content-length: ${INNER.length + 5}`, 'x: y\ntransfer-encoding: chunked'], `0\r\n\r\n${INNER}`),
  ],
  [
    'a length and a coding behind a bare carriage return',
    post([`content-length: ${INNER.length + 5}`, 'x: y\rtransfer-encoding: chunked'], `0\r\n\r\n${INNER}`),
  ],
  [
    'a length and a folded coding',
    post([`content-length: ${INNER.length + 5}`, 'transfer-encoding:\r\n chunked'], `0\r\n\r\n${INNER}`),
  ],
  [
    'a length and a coding with an underscore',
    post([`content-length: ${INNER.length + 5}`, 'transfer_encoding: chunked'], `0\r\n\r\n${INNER}`),
  ],
  [
    'two codings',
    post(
      ['transfer-encoding: chunked', 'transfer-encoding: identity', `content-length: ${INNER.length + 5}`],
      `0\r\n\r\n${INNER}`,
    ),
  ],
  ['two lengths', post(['content-length: 0', `content-length: ${INNER.length}`], INNER)],
  ['two lengths in one line', post([`content-length: 0, ${INNER.length}`], INNER)],
  ['a length with a sign', post([`content-length: +${INNER.length}`], INNER)],
  ['a length in hexadecimal', post([`content-length: 0x${INNER.length.toString(16)}`], INNER)],
  ['a length with a blank before the colon', post([`content-length : ${INNER.length}`], INNER)],
  ['a length for GET', head('GET / HTTP/1.1', 'host: a', `content-length: ${INNER.length}`) + INNER],
  ['a length for HEAD', head('HEAD / HTTP/1.1', 'host: a', `content-length: ${INNER.length}`) + INNER],
  ['a length for OPTIONS', head('OPTIONS / HTTP/1.1', 'host: a', `content-length: ${INNER.length}`) + INNER],
  [
    'chunks for GET',
    head('GET / HTTP/1.1', 'host: a', 'transfer-encoding: chunked') +
      `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`,
  ],
  [
    'chunks in HTTP/1.0',
    `POST /echo HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\ncontent-length: ${INNER.length + 5}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`,
  ],
  [
    'a chunk extension with a line feed',
    chunked(`3;\n\r\nabc\r\n${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`),
  ],
  [
    'a chunk extension with a carriage return',
    chunked(`3;\rx\r\nabc\r\n${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`),
  ],
  ['a chunk size in 0x', chunked(`0x${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`)],
  ['a chunk size of 17 digits', chunked(`100000000000000${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`)],
  ['a chunk that ends in a line feed', chunked(`3\nabc\n0\n\n${INNER.slice(0, 0)}`)],
  ['a chunk with more bytes than it says', chunked(`1\r\nab\r\n${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`)],
  ['a length in the trailers', chunked(`0\r\ncontent-length: ${INNER.length}\r\n\r\n`)],
  [
    'an upgrade to h2c with a request in its body',
    post(
      [
        'connection: upgrade, http2-settings',
        'upgrade: h2c',
        'http2-settings: AAMAAABkAAQAAP__',
        `content-length: ${INNER.length}`,
      ],
      INNER,
    ),
  ],
  ['a length named by Connection', post(['connection: content-length', `content-length: ${INNER.length}`], INNER)],
  ['Expect and a request in the body', post(['expect: 100-continue', `content-length: ${INNER.length}`], INNER)],
];
