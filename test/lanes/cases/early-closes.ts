import { get, request } from '../../../packages/portlight/test/support/raw-client.ts';
import type { Script } from '../play.ts';

const CHUNKED = 'POST /read/text HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';

/**
 * The app closes the connection while more requests are on their way. What was read by then depends on how the bytes
 * came: a server may answer more or less of it, as long as the last response says that it is the last.
 */
export const EARLY_CLOSE_CASES: Readonly<Record<string, Script>> = {
  'others behind it': { sends: get('/reply/own-close') + get('/any') + get('/any'), answers: 3 },
  'others behind it in HTTP/1.0': {
    sends: get('/reply/own-close', 'connection: keep-alive').replace('1.1', '1.0') + get('/any') + get('/any'),
    answers: 3,
  },
  'others behind a slow one': { sends: get('/turns/9') + get('/reply/own-close') + get('/any'), answers: 3 },
  'others behind an unsafe one': {
    sends: request('POST', '/reply/own-close') + request('POST', '/any') + get('/any'),
    answers: 3,
  },
  'others behind a stream': { sends: get('/stream/says-close') + get('/stream/says-close') + get('/any'), answers: 3 },
  'chunks behind it': { sends: get('/reply/own-close') + CHUNKED, answers: 2 },
  'half a head behind it': { sends: `${get('/reply/own-close')}GET / HT`, answers: 2 },
  'twenty behind it': { sends: get('/reply/own-close') + get('/any').repeat(20), answers: 21 },
  'unknown bytes behind it': { sends: `${get('/reply/own-close')}nonsense\r\n\r\n`, answers: 2 },
};
