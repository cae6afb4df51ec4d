import { get, request } from '../../../packages/portlight/test/support/raw-client.ts';
import { FIN, RESET, type Script } from '../play.ts';
import { table } from './table.ts';

const OLD = 'POST /read/text HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello';
const SHORT = 'POST /read/text HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello';

function cut(bytes: string): readonly number[] {
  return Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
}

/** Requests that do not come in one piece. */
export const PIECE_CASES: Readonly<Record<string, Script>> = {
  ...table(cut(SHORT), (at) => [`cut at ${at}`, { sends: [SHORT.slice(0, at), SHORT.slice(at)] }]),
  ...table(
    cut(get('/') + get('/any')).filter((at) => at % 3 === 0),
    (at) => [
      `two requests cut at ${at}`,
      { sends: [(get('/') + get('/any')).slice(0, at), (get('/') + get('/any')).slice(at)], answers: 2 },
    ],
  ),
  ...table(
    cut(OLD).filter((at) => at % 2 === 0),
    (at) => [`HTTP/1.0 cut at ${at}`, { sends: [OLD.slice(0, at), OLD.slice(at)] }],
  ),
  'HTTP/1.2 byte by byte': { sends: [...get('/').replace('1.1', '1.2')] },
  'HTTP/1.0 byte by byte': { sends: [...OLD] },
  'a tab behind a length, byte by byte': { sends: [...SHORT.replace('length: 5', 'length: 5\t')] },
  'a method that is not known, in two pieces': { sends: ['FO', 'O / HTTP/1.1\r\nhost: a\r\n\r\n'] },
  'byte by byte': { sends: [...SHORT] },
  'a GET byte by byte': { sends: [...get('/items/7?x=1')] },
  'the body apart': { sends: ['POST /read/bytes HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n', 'hello'] },
  'a plain one, then one in pieces, then a plain one': {
    sends: [get('/'), { responses: 1 }, SHORT.slice(0, 30), SHORT.slice(30), { responses: 2 }, get('/any')],
    answers: 3,
  },
  'a plain one with half of another': { sends: [get('/') + SHORT.slice(0, 30), SHORT.slice(30)], answers: 2 },
  'a slow one with half of another': { sends: [get('/turns/30') + SHORT.slice(0, 30), SHORT.slice(30)], answers: 2 },
  'a slow one with half of another that never ends': {
    sends: [get('/turns/30') + SHORT.slice(0, 30), FIN],
    answers: 2,
    isAbortChance: true,
  },
  'half a head and FIN': { sends: ['GET / HTTP/1.1\r\nho', FIN] },
  'half a body and FIN': { sends: [SHORT.slice(0, -2), FIN] },
  'nothing and FIN': { sends: [FIN] },
  'a request and FIN': { sends: [get('/'), FIN] },
  'a request and FIN in one': { sends: [get('/turns/5'), FIN] },
  'a body and FIN': { sends: [SHORT, FIN] },
  'three and FIN': { sends: [get('/turns/9') + get('/') + SHORT, FIN], answers: 3, isAbortChance: true },
  'a chunked one and FIN': {
    sends: ['POST /read/text HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', FIN],
  },
  'FIN while the handler waits': { sends: [get('/until-abort'), { requests: 1 }, FIN] },
  'FIN while two handlers wait': {
    sends: [get('/until-abort') + get('/until-abort'), { requests: 2 }, FIN],
    answers: 2,
  },
  'RESET while the handler waits': { sends: [get('/until-abort'), { requests: 1 }, RESET] },
  'RESET while a stream flows': { sends: [get('/stream/long-async'), { requests: 1 }, RESET] },
  'one that is aborted after others': {
    sends: [get('/'), { responses: 1 }, get('/any') + get('/until-abort'), { requests: 3 }, FIN],
    answers: 3,
  },
  'many large bodies': {
    sends: Array.from({ length: 4 }, () => request('POST', '/read/bytes', [], 'x'.repeat(200_000))).join(''),
    answers: 4,
  },
};
