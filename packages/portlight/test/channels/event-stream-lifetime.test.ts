import { afterEach, describe, expect, test, vi } from 'vitest';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { EventStream, streamControls } from '../../src/channels/event-stream.ts';
import { DEFAULTS } from '../../src/defaults.ts';
import { Hub } from '../../src/hub/hub.ts';
import type { HttpServer, RequestShape, ServerOptions } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { EventClient } from '../support/event-client.ts';
import { newRequest } from '../support/new-request.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';

type Stream = EventStream<RequestShape>;

const LANES: readonly (readonly [string, ServerOptions])[] = [
  ['fast', { lane: 'fast' }],
  ['http', { lane: 'http' }],
];
const ASK = get('/feed', 'accept: text/event-stream');

/** An app with one stream at a time, which joins a topic and is kept. */
function oneStream(
  app: HttpServer,
  opened: (stream: Stream) => void,
  maxBackpressureBytes: number = DEFAULTS.maxBackpressureBytes,
): HttpServer {
  return app.websocket({ maxChannels: 1, maxBackpressureBytes }).events('/feed', (stream) => {
    void stream.join('news');
    opened(stream);
  });
}

/** Whether the registry and the hub have let go of it: another may open, and nobody gets what is published. */
async function isForgotten(server: HttpServer): Promise<readonly [status: number, subscribers: number]> {
  const { subscribers } = await server.publish('news', 'x');
  const response = await server.fetch('/feed', { headers: { accept: 'text/event-stream' } });
  await response.body?.cancel();
  return [response.status, subscribers];
}

describe.each(LANES)('the end of an event stream on the lane %s', (_lane, options) => {
  /** Opens a stream, has it closed, and looks whether all know of it, once. */
  const tryClose = async (close: (stream: Stream, client: RawClient) => unknown): Promise<void> => {
    const streams: Stream[] = [];
    await using open = await openServer((app) => oneStream(app, (stream) => void streams.push(stream)), options);
    await using client = await RawClient.open(open.port);
    await client.send(ASK).until(() => client.received.includes('retry: '), 'the stream');
    const [stream] = streams as [Stream];
    let ends = 0;
    void stream.closed.then(() => ends++);
    expect([stream.topics, (await open.server.publish('news', 1)).subscribers]).toEqual([['news'], 1]);
    await client.until(() => client.received.includes('data: 1'), 'the event');
    expect((await open.server.fetch('/feed', { headers: { accept: 'text/event-stream' } })).status).toBe(503);
    close(stream, client);
    await stream.closed;
    expect([ends, stream.topics, stream.bufferedBytes, stream.send({ data: 'late' })]).toEqual([1, [], 0, 'dropped']);
    expect(await isForgotten(open.server)).toEqual([200, 0]);
    expect([ends, open.log.at('error')]).toEqual([1, []]);
  };

  test.each<[string, (stream: Stream, client: RawClient) => unknown]>([
    ['the handler closes', (stream) => stream.close()],
    [
      'both close',
      (stream, client) => {
        client.socket.destroy();
        stream.close();
      },
    ],
    ['the client aborts', (_stream, client) => client.reset()],
  ])('comes once when %s', async (_who, close) => tryClose(close));

  test('comes once when the client closes', () => tryClose((_stream, client) => client.socket.destroy()), 2_000);

  test('comes to a client that never reads, before more than is allowed waits for it', async () => {
    const maxBytes = 100_000;
    const opened = deferred<Stream>();
    const ends: number[] = [];
    await using open = await openServer((app) => oneStream(app, opened.resolve, maxBytes), {
      ...options,
      writeTimeoutMs: 300,
    });
    let writableLength = (): number => 0;
    const gone = new Promise((resolve) =>
      open.server.getSocket()?.once('connection', (socket) => {
        writableLength = () => socket.writableLength;
        socket.once('close', resolve);
      }),
    );
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(ASK);
    const stream = await opened.promise;
    let published = 0;
    void stream.closed.then(() => ends.push(published));
    let most = 0;
    for (; ends.length === 0 && published < 100_000; published++) {
      await open.server.publish('news', 'x'.repeat(1_000));
      most = Math.max(most, stream.bufferedBytes + writableLength());
      if (published % 20 === 0) await new Promise(setImmediate);
    }
    expect(ends).toHaveLength(1);
    // What is on its way to the kernel besides was waiting once, and left together.
    expect(most).toBeLessThan(2 * maxBytes + 20_000);
    expect(await isForgotten(open.server)).toEqual([200, 0]);
    await gone;
    expect(ends).toHaveLength(1);
  });

  test('comes by a stop, in order and at once', async () => {
    const open = await openServer((app) => app.events('/feed', (stream) => void stream.join('news')), options);
    const clients = await Promise.all(Array.from({ length: 20 }, () => EventClient.open(open.port, '/feed')));
    await open.server.publish('news', 'last words');
    const report = await open.server.shutdown();
    expect(await Promise.all(clients.map((client) => client.end()))).toEqual(clients.map(() => 'end'));
    expect(clients.map(({ received }) => received.map(({ data }) => data))).toEqual(clients.map(() => ['last words']));
    expect(report).toMatchObject({ forced: 0, drained: 20 });
    expect(report.durationMs).toBeLessThan(1_000);
  });

  test('comes by a stop to one whose client never reads at the deadline, and to the others before', async () => {
    const streams: Stream[] = [];
    const open = await openServer((app) => app.events('/feed', (stream) => void streams.push(stream)), options);
    await using stuck = await RawClient.open(open.port);
    stuck.socket.pause();
    await using client = await EventClient.open(open.port, '/feed');
    stuck.send(ASK);
    while (streams.length < 2) await new Promise(setImmediate);
    const [, second] = streams as [Stream, Stream];
    // More than the kernel takes for a client that does not.
    for (let sent = 0; second.bufferedBytes === 0 && sent < 1_000; sent++) {
      second.send({ data: 'x'.repeat(100_000) });
      await new Promise(setImmediate);
    }
    const report = await open.server.shutdown({ timeoutMs: 500 });
    expect(await client.end()).toBe('end');
    expect(report).toMatchObject({ forced: 1, drained: 1 });
    expect(report.durationMs).toBeLessThan(1_500);
  });

  test('is no end for ever: after a new start there are streams again', async () => {
    const open = await openServer((app) => app.events('/feed', (stream) => void stream.join('news')), options);
    await open.server.shutdown();
    await open.server.start();
    try {
      await using client = await EventClient.open(open.server.getAddress().port, '/feed');
      expect(client.status).toBe(200);
    } finally {
      await open.server.shutdown({ timeoutMs: 0 });
    }
  });
});

describe('limits of event streams', () => {
  test('are those of channels: of all, and of one address', async () => {
    for (const [limit, status] of [
      [{ maxChannels: 2 }, 503],
      [{ maxChannelsPerIp: 2 }, 429],
    ] as const) {
      await using open = await openServer((app) =>
        app
          .websocket(limit)
          .accept('/chat', () => 'ok')
          .events('/feed', () => undefined),
      );
      await using first = await EventClient.open(open.port, '/feed');
      const second = await EventClient.open(open.port, '/feed');
      await using refused = await EventClient.open(open.port, '/feed');
      expect([first.status, second.status, refused.status, refused.headers['retry-after']]).toEqual([
        200,
        200,
        status,
        '10',
      ]);
      await second[Symbol.asyncDispose]();
    }
  });

  test('do not count what was closed before it began', async () => {
    await using open = await openServer((app) =>
      app.websocket({ maxChannels: 1 }).events('/feed', (stream) => stream.close()),
    );
    const statuses: number[] = [];
    for (let round = 0; round < 3; round++) {
      const client = await EventClient.open(open.port, '/feed');
      statuses.push(client.status);
      await client.end();
    }
    expect(statuses).toEqual([200, 200, 200]);
  });

  test('hold with WebSockets switched off', async () => {
    await using open = await openServer((app) => app.websocket(false).events('/feed', () => undefined));
    await using client = await EventClient.open(open.port, '/feed');
    expect(client.status).toBe(200);
  });
});

describe('what waits for a client', () => {
  const newStream = (maxBytes: number): { stream: Stream; read: () => Promise<string | undefined> } => {
    const stream = new EventStream<RequestShape>(
      newRequest(),
      new Hub(sharedWith({ bus: new MemoryBus() }), { logger: new RecordingLogger(), verbose: false }),
      maxBytes,
      () => {},
      () => {},
    );
    const iterator = streamControls.body(stream)[Symbol.asyncIterator]();
    return { stream, read: async () => ((await iterator.next()) as { value: string | undefined }).value };
  };

  test('is told by send and bufferedBytes, and taken together', async () => {
    const { stream, read } = newStream(1_000);
    expect(await read()).toMatch(/^retry: \d+\n\n$/);
    expect([
      stream.bufferedBytes,
      stream.send({ data: 'é' }),
      stream.send({ data: 'b' }),
      stream.bufferedBytes,
    ]).toEqual([0, 'sent', 'buffered', 19]);
    expect(await read()).toBe('data: é\n\ndata: b\n\n');
    expect(stream.bufferedBytes).toBe(0);
  });

  test('is waited for by drained, which the end settles too', async () => {
    const { stream, read } = newStream(1_000);
    let isTaken = false;
    const taken = stream.drained().then(() => (isTaken = true));
    await read();
    expect(isTaken).toBe(false);
    // Who asks for the next has taken this one.
    const next = read();
    await taken;
    stream.send({ data: 'x' });
    await next;
    stream.send({ data: 'y' });
    const waiting = stream.drained();
    stream.close();
    await waiting;
  });

  test('may be one event of any size, where nothing waits', async () => {
    const { stream, read } = newStream(1_000);
    await read();
    expect(stream.send({ data: 'x'.repeat(5_000) })).toBe('sent');
    expect(await read()).toHaveLength(5_008);
    expect(stream.send({ data: 'x' })).toBe('sent');
  });

  test('is sent before the end where more would be too much, so that who comes back is further', async () => {
    const { stream, read } = newStream(1_000);
    const results = Array.from({ length: 20 }, (_, index) => stream.send({ id: String(index), data: 'x'.repeat(100) }));
    await stream.closed;
    expect(results.at(-1)).toBe('dropped');
    let text = '';
    for (let part = await read(); part !== undefined; part = await read()) text += part;
    const accepted = results.filter((result) => result !== 'dropped').length;
    expect(accepted).toBeGreaterThan(5);
    expect(text.match(/^id: \d+$/gm)).toEqual(Array.from({ length: accepted }, (_, index) => `id: ${index}`));
  });
});

describe('the heartbeat of an event stream', () => {
  afterEach(() => void vi.useRealTimers());

  test('is a comment after 15 s in which nothing was sent, and not before', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const opened = deferred<Stream>();
    await using open = await openServer((app) => app.events('/feed', (stream) => opened.resolve(stream)));
    await using client = await EventClient.open(open.port, '/feed');
    await client.until(() => client.retryMs !== undefined);
    const stream = await opened.promise;
    vi.advanceTimersByTime(14_000);
    stream.send({ data: 'first' });
    await client.events(1);
    vi.advanceTimersByTime(14_000);
    stream.send({ data: 'second' });
    await client.events(2);
    expect(client.comments).toEqual([]);
    vi.advanceTimersByTime(16_000);
    await client.until(() => client.comments.length === 1);
    vi.advanceTimersByTime(16_000);
    await client.until(() => client.comments.length === 2);
    expect(client.received.map(({ data }) => data)).toEqual(['first', 'second']);
    expect(client.text.endsWith('data: second\n\n:\n\n:\n\n')).toBe(true);
  });

  test('adds nothing where something waits already', async () => {
    const stream = new EventStream<RequestShape>(
      newRequest(),
      new Hub(sharedWith({ bus: new MemoryBus() }), { logger: new RecordingLogger(), verbose: false }),
      1_000,
      () => {},
      () => {},
    );
    const before = stream.bufferedBytes;
    streamControls.beat(stream, performance.now() + 60_000);
    expect(stream.bufferedBytes).toBe(before);
    const iterator = streamControls.body(stream)[Symbol.asyncIterator]();
    await iterator.next();
    for (let beat = 1; beat <= 100; beat++) streamControls.beat(stream, performance.now() + 60_000);
    expect(stream.bufferedBytes).toBe(3);
    stream.close();
    expect(await iterator.next()).toEqual({ done: false, value: ':\n\n' });
    streamControls.beat(stream, performance.now() + 60_000);
    expect((await iterator.next()).done).toBe(true);
  });
});
