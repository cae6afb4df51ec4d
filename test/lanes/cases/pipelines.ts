import { get, request } from '../../../packages/portlight/test/support/raw-client.ts';
import { FIN, type Script } from '../play.ts';

const CHUNKED = 'POST /read/text HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';
const POST = request('POST', '/read/text', [], 'hi');
const CLOSE = get('/', 'connection: close');
const HEAD = request('HEAD', '/reply/text');
const OLD = 'GET / HTTP/1.0\r\n\r\n';
const OLD_KEPT = 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n';
const BAD = 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n';
const NO_HTTP = 'nonsense\r\n\r\n';

function times(count: number, bytes: string): string {
  return bytes.repeat(count);
}

/** Several requests at once: order, how many run, and what ends it. */
export const PIPELINE_CASES: Readonly<Record<string, Script>> = {
  'plain, chunked, plain': { sends: get('/') + CHUNKED + get('/any'), answers: 3 },
  'chunked, plain, chunked': { sends: CHUNKED + get('/') + CHUNKED, answers: 3 },
  'plain, bodies, plain': { sends: get('/') + POST + POST + get('/any'), answers: 4 },
  'three of different latency': { sends: get('/turns/30') + get('/turns/1') + get('/turns/10'), answers: 3 },
  'eight of falling latency': {
    sends: Array.from({ length: 8 }, (_, index) => get(`/turns/${30 - 3 * index}`)).join(''),
    answers: 8,
  },
  'twenty of falling latency': {
    sends: Array.from({ length: 20 }, (_, index) => get(`/turns/${40 - 2 * index}`)).join(''),
    answers: 20,
  },
  'twenty plain ones': {
    sends: Array.from({ length: 20 }, (_, index) => get(`/items/${index}`)).join(''),
    answers: 20,
  },
  'three hundred plain ones': {
    sends: Array.from({ length: 300 }, (_, index) => get(`/items/${index}`)).join(''),
    answers: 300,
  },
  'slow, then unsafe, then slow': {
    sends: get('/turns/20') + request('POST', '/turns/10') + get('/turns/5') + request('POST', '/turns/1'),
    answers: 4,
  },
  'unsafe ones of falling latency': {
    sends: request('POST', '/turns/20') + request('POST', '/turns/5') + request('POST', '/turns/1'),
    answers: 3,
  },
  'slow, then chunked and FIN': { sends: [get('/turns/30') + CHUNKED, FIN], answers: 2, isAbortChance: true },
  'slow, then HTTP/1.0 and FIN': { sends: [get('/turns/30') + OLD, FIN], answers: 2, isAbortChance: true },
  'slow, then unknown bytes and FIN': { sends: [get('/turns/30') + NO_HTTP, FIN], answers: 2, isAbortChance: true },
  'slow, then a body that does not come and FIN': {
    sends: [`${get('/turns/30')}POST /read/text HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n`, FIN],
    answers: 2,
    isAbortChance: true,
  },
  'slow, then an unread body that does not come': {
    sends: `${get('/turns/30')}POST /any HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n`,
    answers: 2,
  },
  'an unread body that does not come and FIN': {
    sends: ['POST /any HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n', FIN],
  },
  'an unread body that does not come, and FIN later': {
    sends: ['POST /any HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n', { responses: 1 }, FIN],
  },
  'slow, then an unread body that comes late': {
    sends: [`${get('/turns/30')}POST /any HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n`, { responses: 2 }, 'hello'],
    answers: 2,
  },
  'slow, then chunked, then plain': { sends: get('/turns/20') + CHUNKED + get('/'), answers: 3 },
  'slow, then unknown bytes': { sends: get('/turns/20') + NO_HTTP, answers: 2 },
  'plain, then unknown bytes': { sends: get('/') + NO_HTTP, answers: 2 },
  'plain, then a bad host, then plain': { sends: get('/') + BAD + get('/'), answers: 3 },
  'slow, then a bad host, then plain': { sends: get('/turns/20') + BAD + get('/'), answers: 3 },
  'HEAD between others': { sends: get('/') + HEAD + get('/any') + HEAD, answers: 4, heads: [1, 3] },
  'large ones': { sends: times(4, get('/reply/bytes-5m')), answers: 4 },
  'large texts': { sends: times(12, get('/reply/text-long-emoji')), answers: 12 },
  'text, bytes, text': {
    sends: get('/') + get('/reply/bytes-100k') + get('/') + get('/reply/bytes-1') + get('/reply/text-emoji'),
    answers: 5,
  },
  'streams of all kinds': {
    sends:
      get('/stream/async') +
      get('/') +
      get('/stream/values') +
      get('/stream/empty') +
      get('/stream/with-length') +
      get('/stream/long') +
      get('/'),
    answers: 7,
  },
  'a failing one among slow ones': {
    sends: get('/turns/9') + get('/reply/throw') + get('/turns/3') + get('/reply/reject'),
    answers: 4,
  },
  'close, then others': { sends: CLOSE + get('/any') + get('/any'), answers: 3 },
  'slow and close, then others': { sends: get('/turns/9', 'connection: close') + get('/any'), answers: 2 },
  'plain, close, plain': { sends: get('/') + CLOSE + get('/any'), answers: 3 },
  'slow, close, unknown bytes': { sends: get('/turns/9') + CLOSE + NO_HTTP, answers: 3 },
  'close, then unknown bytes': { sends: CLOSE + NO_HTTP, answers: 2 },
  'close with a body, then others': {
    sends: request('POST', '/read/text', ['connection: close'], 'hi') + get('/any'),
    answers: 2,
  },
  'close after it was answered': { sends: [get('/'), { responses: 1 }, CLOSE], answers: 2 },
  'the app closes the last one': { sends: get('/any') + get('/reply/own-close'), answers: 2 },
  'nonsense from the app, then others': { sends: get('/reply/nonsense-body') + get('/any'), answers: 2 },
  'HTTP/1.0': { sends: OLD },
  'HTTP/1.0 that keeps': { sends: OLD_KEPT },
  'HTTP/1.0 with a body that keeps, then others': {
    sends: `POST /read/text HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nhi${OLD_KEPT}${POST}${OLD}`,
    answers: 4,
  },
  'HTTP/1.0 that keeps, twenty times': { sends: times(20, OLD_KEPT), answers: 20 },
  'HTTP/1.0 that keeps, and closes': {
    sends: `GET / HTTP/1.0\r\nconnection: keep-alive, close\r\n\r\n${get('/any')}`,
    answers: 2,
  },
  'HTTP/1.0 that keeps and closes in two lines': {
    sends: `GET / HTTP/1.0\r\nconnection: keep-alive\r\nconnection: close\r\n\r\n${get('/any')}`,
    answers: 2,
  },
  'HTTP/1.0 that closes and keeps in two lines': {
    sends: `GET / HTTP/1.0\r\nconnection: close\r\nconnection: keep-alive\r\n\r\n${get('/any')}`,
    answers: 2,
  },
  'HTTP/1.0 that closes by another name': {
    sends: `GET / HTTP/1.0\r\nproxy-connection: keep-alive\r\n\r\n${get('/any')}`,
    answers: 2,
  },
  'HTTP/1.0 of several latencies': {
    sends: ['/turns/9', '/turns/1', '/turns/4']
      .map((path) => get(path, 'connection: keep-alive').replace('1.1', '1.0'))
      .join(''),
    answers: 3,
  },
  'slow ones, then HTTP/1.0, then slow ones': {
    sends: get('/turns/9') + get('/turns/3') + OLD_KEPT + get('/turns/5'),
    answers: 4,
  },
  'a stream in HTTP/1.0 that keeps, then others': {
    sends: `GET /stream/async HTTP/1.0\r\nconnection: keep-alive\r\n\r\n${get('/')}${POST}`,
    answers: 3,
  },
  'a stream with a length in HTTP/1.0 that keeps, then others': {
    sends: `GET /stream/with-length HTTP/1.0\r\nconnection: keep-alive\r\n\r\n${get('/')}`,
    answers: 2,
  },
  'a HEAD in HTTP/1.0 that keeps, then others': {
    sends: `HEAD / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n${get('/')}`,
    answers: 2,
    heads: [0],
  },
  'HTTP/1.0 one by one': { sends: [OLD_KEPT, { responses: 1 }, OLD_KEPT, { responses: 2 }, OLD], answers: 3 },
  'HTTP/1.0 and FIN': { sends: [OLD, FIN] },
  'HTTP/1.0 with two hosts': { sends: 'GET / HTTP/1.0\r\nhost: a\r\nhost: a\r\n\r\n' },
  'HTTP/1.0 with a bad host': { sends: 'GET / HTTP/1.0\r\nhost: a b\r\n\r\n' },
  'HTTP/1.0 with chunks': { sends: 'POST /read/text HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n' },
  'HTTP/1.0 with Expect': { sends: 'POST /read/text HTTP/1.0\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\nhi' },
  'HTTP/1.0 with an upgrade': {
    sends: 'GET /any HTTP/1.0\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  },
  'HTTP/1.2': { sends: get('/').replace('1.1', '1.2') },
  'plain, then HTTP/1.2, then plain': {
    sends: get('/') + get('/any').replace('1.1', '1.2') + POST.replace('1.1', '1.9') + get('/'),
    answers: 4,
  },
  'a method that is not known, then plain': { sends: request('FOO', '/') + get('/'), answers: 2 },
  'plain, then a method that is not known': { sends: get('/') + request('get', '/') + get('/'), answers: 3 },
  'HTTP/1.0, then others': { sends: OLD + get('/'), answers: 2 },
  'HTTP/1.0 that keeps, then others': { sends: OLD_KEPT + get('/') + OLD, answers: 3 },
  'plain, then HTTP/1.0, then plain': { sends: get('/') + OLD + get('/'), answers: 3 },
  'plain, then an upgrade, then plain': {
    sends: get('/') + get('/any', 'connection: upgrade', 'upgrade: websocket') + get('/'),
    answers: 3,
  },
  'plain, then CONNECT': { sends: get('/') + request('CONNECT', 'a:1') + get('/'), answers: 3 },
  'plain, then Expect': {
    sends: `${get('/')}POST /read/text HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\nhi${get('/any')}`,
    answers: 3,
  },
  'plain, then a long head': { sends: get('/') + get('/', `x: ${'y'.repeat(20_000)}`), answers: 2 },
  'one by one': {
    sends: [
      get('/'),
      { responses: 1 },
      POST,
      { responses: 2 },
      CHUNKED,
      { responses: 3 },
      get('/any'),
      { responses: 4 },
      HEAD,
    ],
    answers: 5,
    heads: [4],
  },
  'an answer too large to be taken at once, then others': {
    sends: get('/reply/bytes-5m') + get('/') + POST + CHUNKED,
    answers: 4,
  },
  'a limited one among others': { sends: get('/') + get('/limited') + get('/'), answers: 3 },
};
