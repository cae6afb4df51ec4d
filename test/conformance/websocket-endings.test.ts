import { describe, expect, test } from 'vitest';
import type { Channel, RequestShape } from 'portlight';
import { deferred } from '../../packages/portlight/test/support/deferred.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { FrameClient, HANDSHAKE } from './frame-client.ts';
import { LANES } from './lanes.ts';
import { CLOSE, closeBody, frame, TEXT } from './web-socket-frames.ts';

const connectionsOf = ({ server }: OpenServer): Promise<number> =>
  new Promise((resolve) => server.getSocket()?.getConnections((_error, count) => resolve(count)));

describe.each(LANES)('the end of a channel on the lane $name', (lane) => {
  test('when both sides close at once, is told once, and each has the close of the other', async () => {
    const told: unknown[] = [];
    const done = deferred();
    const channels: Channel<RequestShape>[] = [];
    await using open = await openServer(
      (server) =>
        server.accept('/', {
          open: (channel) => void channels.push(channel as unknown as Channel<RequestShape>),
          close(_channel, code) {
            told.push(code);
            done.resolve();
          },
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    channels[0]?.close(4_001, 'server');
    client.send(frame(CLOSE, closeBody(4_002, 'client')));
    expect(await client.ended({ isFirst: false })).toEqual([['close', 4_001, 'server']]);
    client.raw.sendFin();
    await done.promise;
    expect(told).toEqual([4_002]);
  });

  test('by a handler that closes twice and sends more is one close, and nothing behind it', async () => {
    const results: unknown[] = [];
    const told: unknown[] = [];
    const done = deferred();
    await using open = await openServer(
      (server) =>
        server.accept('/', {
          message(_message, channel) {
            results.push(channel.send('before'), channel.readyState);
            channel.close(4_001, 'one');
            channel.close(4_002, 'two');
            results.push(channel.send('after'), channel.json({}), channel.readyState);
            return 'returned';
          },
          close(channel, code, reason) {
            told.push([code, reason, channel.readyState, channel.send('late'), channel.topics]);
            channel.close();
            void channel.join('x');
            told.push(channel.topics);
            done.resolve();
          },
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    client.send(frame(TEXT, 'x'), frame(TEXT, 'y'));
    await client.events(2);
    client.send(frame(CLOSE, closeBody(4_001, 'one')));
    expect(await client.ended({ isFirst: false })).toEqual([
      ['text', 'before'],
      ['close', 4_001, 'one'],
    ]);
    client.raw.sendFin();
    await done.promise;
    expect(results).toEqual(['sent', 1, 'dropped', 'dropped', 2]);
    expect(told).toEqual([[4_001, 'one', 3, 'dropped', []], []]);
  });

  test('by the client is seen by what is sent then: it is dropped', async () => {
    const result = deferred<unknown>();
    const closing = deferred();
    await using open = await openServer(
      (server) =>
        server.accept('/', {
          async message(_message, channel) {
            await closing.promise;
            result.resolve([channel.send('late'), channel.readyState > 1]);
          },
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    client.send(frame(TEXT, 'x'), frame(CLOSE, closeBody(1000)));
    await client.ended({ isFirst: false });
    closing.resolve();
    expect(await result.promise).toEqual(['dropped', true]);
  });

  test('is told last: after the open handler, and after the message that is handled', async () => {
    const order: string[] = [];
    const gates = { open: deferred(), message: deferred() };
    const done = deferred();
    await using open = await openServer(
      (server) =>
        server.accept('/:slow', {
          async open(channel) {
            if (channel.params.slow === 'open') await gates.open.promise;
            order.push('open');
          },
          async message() {
            await gates.message.promise;
            order.push('message');
          },
          close() {
            order.push('close');
            done.resolve();
          },
        }),
      lane.options,
    );
    for (const slow of ['open', 'message'] as const) {
      const client = await FrameClient.open(open.port, `/${slow}`);
      if (slow === 'message') client.send(frame(TEXT, 'x'));
      await client.send(frame(CLOSE)).ended({ isFirst: false });
      await client[Symbol.asyncDispose]();
      await expect.poll(() => connectionsOf(open)).toBe(0);
      gates[slow].resolve();
    }
    await done.promise;
    await expect.poll(() => order.length, { timeout: 2_000 }).toBe(5);
    expect(order).toEqual(['open', 'close', 'open', 'message', 'close']);
  });

  test('comes after all messages that were sent before it are handled', async () => {
    const got: unknown[] = [];
    const gate = deferred();
    const done = deferred();
    await using open = await openServer(
      (server) =>
        server.accept('/', {
          async message(message) {
            await gate.promise;
            got.push(message);
          },
          close: () => done.resolve(),
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    client.send(frame(TEXT, 'one'), frame(TEXT, 'two'), frame(TEXT, 'three'), frame(CLOSE, closeBody(1000)));
    await client.ended({ isFirst: false });
    client.raw.sendFin();
    await expect.poll(() => connectionsOf(open)).toBe(0);
    gate.resolve();
    await done.promise;
    await expect.poll(() => got.length, { timeout: 1_000 }).toBe(3);
    expect(got).toEqual(['one', 'two', 'three']);
  });

  test.each([
    [1000, 'bye'],
    [4_999, 'é'.repeat(61)],
  ])('is told the code %i and the reason of the client', async (code, reason) => {
    const told = deferred<unknown>();
    await using open = await openServer(
      (server) => server.accept('/', { close: (_channel, ...rest) => told.resolve(rest) }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    await client.send(frame(CLOSE, closeBody(code, reason))).ended({ isFirst: false });
    client.raw.sendFin();
    expect(await told.promise).toEqual([code, reason]);
  });

  test('without a code is told as 1005', async () => {
    const told = deferred<unknown>();
    await using open = await openServer(
      (server) => server.accept('/', { close: (_channel, ...rest) => told.resolve(rest) }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    await client.send(frame(CLOSE)).ended({ isFirst: false });
    client.raw.sendFin();
    expect(await told.promise).toEqual([1005, '']);
  });
});

describe.each(LANES)('a stop on the lane $name', (lane) => {
  test('ends channels in every state within its time, and reports what became of them', async () => {
    const gate = deferred();
    const upgrading = deferred();
    const handling = deferred();
    const codes: number[] = [];
    const open = await openServer(
      (server) =>
        server
          .accept('/', {
            message(message) {
              if (message !== 'wait') return message;
              handling.resolve();
              return gate.promise;
            },
            close: (_channel, code) => void codes.push(code),
          })
          .accept('/upgrade', {
            upgrade() {
              upgrading.resolve();
              return gate.promise;
            },
            open: () => void codes.push(0),
          })
          .accept('/full', {
            open: (channel) => void channel.send('x'.repeat(8_000_000)),
            close: (_channel, code) => void codes.push(code),
          }),
      lane.options,
    );
    const half = await RawClient.open(open.port);
    half.send('GET / HTTP/1.1\r\nhost: test\r\nconnection: upgr');
    const idle = await Promise.all(Array.from({ length: 20 }, () => FrameClient.open(open.port)));
    const silent = await FrameClient.open(open.port);
    const busy = await FrameClient.open(open.port);
    const inside = await FrameClient.open(open.port);
    const full = await RawClient.open(open.port);
    full.socket.pause();
    full.send(get('/full', ...HANDSHAKE));
    const waiting = await RawClient.open(open.port);
    waiting.send(get('/upgrade', ...HANDSHAKE));
    busy.send(frame(TEXT, 'wait'));
    inside.send(frame(TEXT, 'half', { fin: false }));
    await Promise.all([upgrading.promise, handling.promise]);
    const stopped = open.server.shutdown({ timeoutMs: 20_000 });
    for (const client of [...idle, busy, inside])
      expect((await client.ended()).at(-1)).toEqual(['close', 1001, 'The server stops.']);
    for (const client of [...idle, busy, inside]) client.raw.sendFin();
    gate.resolve();
    // These are answered, and end when they have read it.
    for (const client of [waiting, half]) {
      await client.until(() => client.hasEnded || client.received.includes('\r\n\r\n'), 'an end');
      client.sendFin();
    }
    const report = await stopped;
    // Nobody had to be waited for until the deadline.
    expect(report.durationMs).toBeLessThan(19_000);
    await waiting.until(() => waiting.isClosed || waiting.hasEnded, 'the end of a handshake under way');
    full.socket.resume();
    await full.until(() => full.isClosed || full.hasEnded, 'the end of one that does not read');
    await silent.raw.until(() => silent.raw.isClosed || silent.raw.hasEnded, 'the end of one that does not answer');
    // 20 idle, busy, inside, silent, full, waiting and half.
    expect(report.drained + report.forced).toBe(26);
    expect(report.forced).toBeLessThanOrEqual(2);
    expect(codes.filter((code) => code === 1005 || code === 1001)).toHaveLength(22);
    expect(open.log.at('error')).toEqual([]);
    for (const client of [...idle, silent, busy, inside]) await client[Symbol.asyncDispose]();
    for (const client of [full, waiting, half]) await client[Symbol.asyncDispose]();
  });

  test('with clients that answer has nothing to force', async () => {
    const open = await openServer((server) => server.accept('/', (message) => message), lane.options);
    const clients = await Promise.all(Array.from({ length: 50 }, () => FrameClient.open(open.port)));
    const stopped = open.server.shutdown();
    for (const client of clients) expect(await client.ended()).toEqual([['close', 1001, 'The server stops.']]);
    for (const client of clients) client.raw.sendFin();
    expect(await stopped).toMatchObject({ drained: 50, forced: 0 });
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test('answers a handshake that comes to its end meanwhile with 101 and 1001, or with 503', async () => {
    const gate = deferred();
    const upgrading = deferred();
    const open = await openServer(
      (server) =>
        server.accept('/', {
          upgrade() {
            upgrading.resolve();
            return gate.promise;
          },
          message: (message) => message,
        }),
      lane.options,
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/', ...HANDSHAKE));
    await upgrading.promise;
    const stopped = open.server.shutdown({ timeoutMs: 20_000 });
    gate.resolve();
    await client.until(
      () => /\r\n\r\n/.test(client.received) && (client.received.includes('\x88') || client.hasEnded),
      'an answer',
    );
    expect(client.received).toMatch(/^HTTP\/1\.1 (101 [^]*\r\n\r\n\x88.\x03\xe9|503 )/);
    client.send(frame(CLOSE, closeBody(1001))).sendFin();
    expect(await stopped).toMatchObject({ forced: 0 });
  });
});
