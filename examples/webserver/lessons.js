const host = 'Host: 127.0.0.1\r\n';
const chunked = `POST /upload HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n`;
const last = `${host}Connection: close\r\n\r\n`;

/**
 * What the client of the page says, step by step: a text is written, a number is a pause in milliseconds, a RegExp
 * waits until the answer so far matches. The last request of each closes the connection, or waits until the server
 * does.
 */
export const LESSONS = {
  file: {
    title: 'A file',
    about: 'Its length stands in front of it, and a tag by which the client can ask later whether it has changed.',
    steps: [`GET /files/harbour.txt HTTP/1.1\r\n${last}`],
  },
  range: {
    title: 'A part of it',
    about: 'The first eight bytes: a player skips in a film so, a download goes on where it broke off.',
    steps: [`GET /files/harbour.txt HTTP/1.1\r\nRange: bytes=0-7\r\n${last}`],
  },
  'keep-alive': {
    title: 'Two on one connection',
    about: 'The second request goes out before the first is answered. The answers come in order.',
    steps: [`GET /files/harbour.txt HTTP/1.1\r\n${host}\r\n`, `GET /files/nothing.txt HTTP/1.1\r\n${last}`],
  },
  chunked: {
    title: 'Chunks',
    about: 'Nobody knows yet how long it will be: each piece has its length, in hexadecimal, and 0 is the end.',
    steps: [`GET /count HTTP/1.1\r\n${last}`],
  },
  'trailers-back': {
    title: 'Trailers of an answer',
    about: 'The same words for a client that takes trailers: their checksum, made while they were sent, comes last.',
    steps: [`GET /count HTTP/1.1\r\nTE: trailers\r\n${last}`],
  },
  trailers: {
    title: 'Trailers of an upload',
    about: 'A field that is known when all was sent, such as a checksum, comes after the last chunk.',
    steps: [
      `${chunked}Trailer: X-Checksum\r\nConnection: close\r\n\r\n`,
      '5\r\nahoy \r\n',
      200,
      '7\r\nharbour\r\n',
      200,
      '0\r\nX-Checksum: 7c2d\r\n\r\n',
    ],
  },
  continue: {
    title: 'May I?',
    about: 'The client asks before it sends the body. The handler begins to read: 100 Continue.',
    steps: [
      `POST /upload HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
      /100 Continue\r\n\r\n/,
      'ahoy!',
    ],
  },
  refused: {
    title: 'You may not',
    about: 'The same question, for more than the route takes. The body never leaves the client.',
    steps: [
      `POST /upload HTTP/1.1\r\n${host}Content-Length: 5000000\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
    ],
  },
  slow: {
    title: 'A slow writer',
    about: 'A few bytes at a time. It is waited for, and costs the others nothing.',
    steps: ['GET /files/har', 250, 'bour.txt HT', 250, 'TP/1.1\r', 250, `\n${host}Conn`, 250, 'ection: close\r\n\r\n'],
  },
  stuck: {
    title: 'One that stops',
    about: 'The head is never finished. After two seconds the server says so, and closes.',
    steps: [`GET /files/harbour.txt HTTP/1.1\r\n${host}X-Thinking: `],
  },
};
