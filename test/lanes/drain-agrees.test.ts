import type { HttpServer } from 'portlight';
import { describe, expect, test } from 'vitest';
import { deferred } from '../../packages/portlight/test/support/deferred.ts';
import { get, request } from '../../packages/portlight/test/support/raw-client.ts';
import { register } from './app.ts';
import type { AnyRequest, Journal } from './journal.ts';
import { FIN, type Outcome, play, type Script, type Step } from './play.ts';
import { LaneServer } from './two-servers.ts';

/** A connection that is there when the server begins to stop; it calls `ready` when it is. */
type Bystander = (ready: () => void) => Script;

interface Drain {
  readonly bystanders?: readonly Bystander[];
  /** Asks for a path at which the app stops its server and answers a little later. */
  readonly stopper: Script;
}

const FIRST: readonly Step[] = [get('/'), { responses: 1 }];
const STOP: Script = { sends: get('/stop'), waits: true };

const DRAINS: Readonly<Record<string, Drain>> = {
  alone: { stopper: STOP },
  'by HEAD': { stopper: { sends: request('HEAD', '/stop'), heads: [0], waits: true } },
  'by a POST': { stopper: { sends: request('POST', '/stop', [], 'x'), waits: true } },
  'by HTTP/1.0': { stopper: { sends: 'GET /stop HTTP/1.0\r\n\r\n', waits: true } },
  'by a request that keeps': { stopper: { sends: get('/stop', 'connection: keep-alive'), waits: true } },
  'by a chunked one': {
    stopper: { sends: 'POST /stop HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', waits: true },
  },
  'by the second request': { stopper: { sends: [...FIRST, get('/stop')], answers: 2, waits: true } },
  'behind a slow one': { stopper: { sends: get('/turns/60') + get('/stop'), answers: 2, waits: true } },
  'before a slow one': { stopper: { sends: get('/stop') + get('/turns/60'), answers: 2, waits: true } },
  'before a quick one': { stopper: { sends: get('/stop') + get('/'), answers: 2, waits: true } },
  'with a stream': { stopper: { sends: get('/stop-stream'), waits: true } },
  'with bytes': { stopper: { sends: get('/stop-bytes'), waits: true } },
  'and FIN': { stopper: { sends: [get('/stop'), FIN] } },
  'a client that has sent nothing': {
    bystanders: [(ready) => ({ sends: [ready], answers: 0, waits: true })],
    stopper: STOP,
  },
  'a client that had an answer': {
    bystanders: [(ready) => ({ sends: [...FIRST, ready], waits: true })],
    stopper: STOP,
  },
  'a client that had three': {
    bystanders: [(ready) => ({ sends: [get('/').repeat(3), { responses: 3 }, ready], answers: 3, waits: true })],
    stopper: STOP,
  },
  'a client with half a head': {
    bystanders: [(ready) => ({ sends: ['GET / HTTP/1.1\r\nho', ready], waits: true })],
    stopper: STOP,
  },
  'a client with half a head after an answer': {
    bystanders: [(ready) => ({ sends: [...FIRST, 'GET / HTTP/1.1\r\nho', ready], answers: 2, waits: true })],
    stopper: STOP,
  },
  'a client with half a body': {
    bystanders: [
      (ready) => ({
        sends: ['POST /read/text HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhe', ready, { requests: 2 }, 'llo'],
        waits: true,
      }),
    ],
    stopper: STOP,
  },
  'a client whose handler works': {
    bystanders: [(ready) => ({ sends: [get('/turns/90'), { requests: 1 }, ready], waits: true })],
    stopper: STOP,
  },
  'a client whose three handlers work': {
    bystanders: [
      (ready) => ({
        sends: [get('/turns/90') + get('/turns/40') + get('/turns/70'), { requests: 3 }, ready],
        answers: 3,
        waits: true,
      }),
    ],
    stopper: STOP,
  },
  'a client with a stream': {
    bystanders: [(ready) => ({ sends: [get('/stream/long-async'), { requests: 1 }, ready], waits: true })],
    stopper: STOP,
  },
};

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await new Promise((resolve) => setImmediate(resolve));
}

function registerStopping(server: HttpServer, journal: Journal): void {
  register(server, journal, '/none');
  const stopAnd =
    (reply: () => unknown) =>
    async (request: AnyRequest): Promise<unknown> => {
      journal.note(request);
      void server.shutdown({ timeoutMs: 5_000 });
      await turns(30);
      return reply();
    };
  server
    .all(
      '/stop',
      stopAnd(() => 'last'),
    )
    .get(
      '/stop-stream',
      stopAnd(() => ['a', 'b'].values()),
    )
    .get(
      '/stop-bytes',
      stopAnd(() => new Uint8Array(400_000)),
    );
}

async function stopOn(lane: 'fast' | 'http', { bystanders = [], stopper }: Drain): Promise<readonly Outcome[]> {
  await using at = await LaneServer.start(registerStopping, { lane });
  const readies = bystanders.map(() => deferred());
  const playing = bystanders.map((bystander, index) =>
    play(
      at,
      bystander(() => readies[index]?.resolve()),
    ),
  );
  await Promise.all(readies.map(({ promise }) => promise));
  const outcomes = await Promise.all([...playing, play(at, stopper)]);
  // Several connections share a journal: which of them is over first, and takes it, is chance.
  return outcomes.map((outcome) => ({ ...outcome, seen: [], log: [] }));
}

describe('a server that stops', () => {
  test.concurrent.each(Object.entries(DRAINS))('%s', async (_name, drain) => {
    const [fast, http] = await Promise.all([stopOn('fast', drain), stopOn('http', drain)]);
    expect(fast).toEqual(http);
    expect(http.map(({ end }) => end)).not.toContain('silent');
  });
});
