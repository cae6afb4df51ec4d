import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readResponses } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from '../conformance/lanes.ts';
import { sendPieces } from './send-pieces.ts';
import { ServerProcess } from './server-process.ts';

const FORM =
  '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b\r\ncontent-disposition: form-data; name="f"; filename="f.txt"\r\ncontent-type: text/plain\r\n\r\nfile\r\n--b--\r\n';

/** Each ends its connection, so that the whole of what came can be compared. */
const SHAPES: Readonly<Record<string, string>> = {
  'a GET': 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  'a GET of HTTP/1.0': 'GET / HTTP/1.0\r\n\r\n',
  'a GET of HTTP/1.2': 'GET / HTTP/1.2\r\nhost: a\r\nconnection: close\t\r\n\r\n',
  'a stream to HTTP/1.0': 'GET /stream HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
  'a length before a tab': 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\t\r\nconnection: close\r\n\r\nhi',
  'a method that is not known': 'FOO / HTTP/1.1\r\nhost: a\r\n\r\n',
  'a HEAD': 'HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  'an OPTIONS of everything': 'OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  'a query, an escape and cookies':
    'GET /items/caf%C3%A9?a=1&a=%20 HTTP/1.1\r\nhost: a\r\ncookie: a=b; c=d\r\nconnection: close\r\n\r\n',
  'an absolute form': 'GET http://a:80/items/7?x HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n',
  'a body with a length':
    'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\nconnection: close\r\n\r\nhello\r\n\r\n\0\xff',
  'a body in chunks':
    'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\nA;x="y"\r\n0123456789\r\n0\r\nt: u\r\n\r\n',
  'a form': `POST /form HTTP/1.1\r\nhost: a\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${FORM.length}\r\nconnection: close\r\n\r\n${FORM}`,
  'a stream as answer': 'GET /stream HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  'a pipeline':
    'GET / HTTP/1.1\r\nhost: a\r\n\r\nPOST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhiGET /none HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  'a length and chunks':
    'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'a refused Host': 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n',
  'a refused path': 'GET /a/../b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  'a damaged chunk': 'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n',
};

/** What was answered, without the date; where chunks end is left to the moment, and so to Node. */
function outcomeOf(text: string, request: string): unknown {
  // It ends with the connection.
  if (request.includes('/stream HTTP/1.0')) return { answers: [text.replace(/\r\ndate: [^\r]*/i, '')], rest: '' };
  const { complete, rest } = readResponses(text, request.startsWith('HEAD') ? [0] : []);
  return {
    answers: complete.map(({ status, headers, body }) => [
      status,
      [...headers].filter(([name]) => name !== 'date'),
      body,
    ]),
    rest,
  };
}

describe.each(LANES)('requests in pieces on the lane $name', (lane) => {
  test.each(Object.entries(SHAPES))('%s, cut at every byte, has the answer that it has whole', async (_what, bytes) => {
    await using server = await ServerProcess.start(lane);
    const whole = outcomeOf(await sendPieces(server.port, [bytes]), bytes);
    expect(whole).toMatchObject({ answers: expect.arrayContaining([expect.anything()]) as unknown, rest: '' });
    const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
    const answers = await Promise.all(cuts.map((at) => sendPieces(server.port, [bytes.slice(0, at), bytes.slice(at)])));
    expect(cuts.filter((_, index) => !isDeepStrictEqual(outcomeOf(answers[index] as string, bytes), whole))).toEqual(
      [],
    );
    expect(outcomeOf(await sendPieces(server.port, [...bytes]), bytes)).toEqual(whole);
    expect((await server.report()).problems).toEqual([]);
  });
});
