import type { HttpServer, ServerOptions } from 'portlight';
import { describe, expect, test } from 'vitest';
import { get } from '../../packages/portlight/test/support/raw-client.ts';
import { register } from './app.ts';
import type { Journal } from './journal.ts';
import { play, type Script } from './play.ts';
import { TwoServers } from './two-servers.ts';

interface Clock {
  readonly options?: ServerOptions;
  readonly silenceMs?: number;
  readonly script: Script;
}

const HALF_HEAD = 'GET / HTTP/1.1\r\nho';
const HALF_BODY = 'POST /read/text HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf';
const HALF_CHUNKS = 'POST /read/text HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf';
const FIRST = [get('/'), { responses: 1 }] as const;

const HEADS: ServerOptions = { headersTimeoutMs: 80, keepAliveTimeoutMs: 5_000 };
const REQUESTS: ServerOptions = { requestTimeoutMs: 80, keepAliveTimeoutMs: 5_000 };
const IDLE: ServerOptions = { keepAliveTimeoutMs: 80 };

/** What a server does when a client does nothing. How soon, within a limit, is not compared. */
const CLOCKS: Readonly<Record<string, Clock>> = {
  'headersTimeoutMs and nothing at all': { options: HEADS, script: { sends: [], waits: true } },
  'headersTimeoutMs and half a head': { options: HEADS, script: { sends: HALF_HEAD, waits: true } },
  'headersTimeoutMs and half a head after a request': {
    options: HEADS,
    script: { sends: [...FIRST, HALF_HEAD], answers: 2, waits: true },
  },
  'headersTimeoutMs and half a head in the packet of a request': {
    options: HEADS,
    script: { sends: get('/') + HALF_HEAD, answers: 2, waits: true },
  },
  'headersTimeoutMs and an empty line': { options: HEADS, script: { sends: '\r\n', waits: true } },
  'headersTimeoutMs and a slow handler': { options: HEADS, script: { sends: get('/pause') } },
  'requestTimeoutMs and nothing at all': { options: REQUESTS, script: { sends: [], waits: true } },
  'requestTimeoutMs and half a head': { options: REQUESTS, script: { sends: HALF_HEAD, waits: true } },
  'requestTimeoutMs and half a body': { options: REQUESTS, script: { sends: HALF_BODY, waits: true } },
  'requestTimeoutMs and half of the chunks': { options: REQUESTS, script: { sends: HALF_CHUNKS, waits: true } },
  'requestTimeoutMs and half a body after a request': {
    options: REQUESTS,
    script: { sends: [...FIRST, HALF_BODY], answers: 2, waits: true },
  },
  'keepAliveTimeoutMs after a request': { options: IDLE, script: { sends: get('/'), waits: true } },
  'keepAliveTimeoutMs after three': {
    options: IDLE,
    script: { sends: get('/') + get('/any') + get('/'), answers: 3, waits: true },
  },
  'keepAliveTimeoutMs after a stream': { options: IDLE, script: { sends: get('/stream/async'), waits: true } },
  'keepAliveTimeoutMs after a body': {
    options: IDLE,
    script: { sends: 'POST /read/text HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi', waits: true },
  },
  'keepAliveTimeoutMs after chunks': {
    options: IDLE,
    script: {
      sends: 'POST /read/text HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
      waits: true,
    },
  },
  'keepAliveTimeoutMs and a slow handler': { options: IDLE, script: { sends: get('/pause') } },
  'setTimeout and nothing at all': { silenceMs: 80, script: { sends: [], waits: true } },
  'setTimeout and half a head': { silenceMs: 80, script: { sends: HALF_HEAD, waits: true } },
  'setTimeout and half a body': { silenceMs: 80, script: { sends: HALF_BODY, waits: true } },
  'setTimeout after a request': { silenceMs: 80, script: { sends: get('/'), waits: true } },
  'setTimeout and half a head after a request': {
    silenceMs: 80,
    script: { sends: [...FIRST, HALF_HEAD], answers: 1, waits: true },
  },
  'setTimeout and a slow handler': { silenceMs: 80, script: { sends: get('/pause') } },
};

/** A handler that takes longer than any of the limits. */
const PAUSE_MS = 400;

function registerPausing(server: HttpServer, journal: Journal): void {
  register(server, journal, '/none');
  server.get('/pause', () => new Promise((resolve) => setTimeout(() => resolve('at last'), PAUSE_MS)));
}

describe('clocks', () => {
  test.concurrent.each(Object.entries(CLOCKS))('%s', async (_name, { options = {}, silenceMs, script }) => {
    const registerAll = (server: HttpServer, journal: Journal): void => {
      registerPausing(server, journal);
      if (silenceMs !== undefined) server.setTimeout(0, silenceMs * 1_000);
    };
    await using both = await TwoServers.start(registerAll, options);
    const [fast, http] = await Promise.all([play(both.fast, script), play(both.http, script)]);
    expect(fast).toEqual(http);
    expect(http.end).not.toBe('silent');
  });
});
