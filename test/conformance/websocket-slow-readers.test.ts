import { describe, expect, test } from 'vitest';
import type { Channel, RequestShape } from 'portlight';
import { deferred } from '../../packages/portlight/test/support/deferred.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { FrameClient } from './frame-client.ts';
import { LANES } from './lanes.ts';
import { frame, TEXT } from './web-socket-frames.ts';
import { withDefaults } from './with-defaults.ts';

const MESSAGE_BYTES = 131_072;
const LIMIT_BYTES = 1_048_576;
/** What kernels hold between the two ends, and the limit on top. */
const MOST_MESSAGES = 400;

/** A message with its number in front. */
const numbered = (index: number): string => String(index).padEnd(MESSAGE_BYTES, '.');
const numberOf = (text: string): number => Number.parseInt(text, 10);
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(() => resolve()));

interface Hall extends AsyncDisposable {
  readonly open: OpenServer;
  readonly readers: readonly FrameClient[];
  readonly lazy: FrameClient;
  /** The channel of the client that does not read. */
  readonly channel: Channel<RequestShape>;
  readonly closed: Promise<number>;
}

/** Four clients that read and one that does not, all in the topic `news`. */
async function openHall(lane: (typeof LANES)[number], slowClient: 'close' | 'drop' | 'latest'): Promise<Hall> {
  const lazyChannel = deferred<Channel<RequestShape>>();
  const closed = deferred<number>();
  const open = await openServer(
    (server) =>
      server.websocket({ slowClient, maxBackpressureBytes: LIMIT_BYTES }).accept('/:who', {
        async open(channel) {
          await channel.join('news');
          if (channel.params.who === 'lazy') lazyChannel.resolve(channel as unknown as Channel<RequestShape>);
        },
        message: (_message, channel) => channel.topics.length,
        close(channel, code) {
          if (channel.params.who === 'lazy') closed.resolve(code);
        },
      }),
    lane.options,
  );
  const readers = await Promise.all(Array.from({ length: 4 }, () => FrameClient.open(open.port, '/reader')));
  for (const reader of readers) await reader.send(frame(TEXT, 'joined?')).events(1);
  const lazy = await FrameClient.open(open.port, '/lazy');
  const channel = await lazyChannel.promise;
  lazy.raw.socket.pause();
  return {
    open,
    readers,
    lazy,
    channel,
    closed: closed.promise,
    async [Symbol.asyncDispose]() {
      await open[Symbol.asyncDispose]();
      for (const client of [...readers, lazy]) await client[Symbol.asyncDispose]();
    },
  };
}

/** Publishes numbered messages, each when the readers have the one before, until something holds; returns how many. */
async function publishUntil(hall: Hall, condition: () => boolean): Promise<number> {
  for (let index = 0; index < MOST_MESSAGES; index++) {
    if (condition()) return index;
    await hall.open.server.publish('news', numbered(index));
    await Promise.all(hall.readers.map((reader) => reader.events(index + 2)));
    expect(hall.channel.bufferedBytes).toBeLessThanOrEqual(LIMIT_BYTES);
  }
  throw new Error('The client that does not read is taken for one that does.');
}

/** The numbers of what a client got. */
const numbers = (client: FrameClient): readonly number[] =>
  client.reader.events
    .filter(([kind, text]) => kind === 'text' && text !== '1')
    .map(([, text]) => numberOf(String(text)));
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe.each(LANES)('a client that does not read on the lane $name', (lane) => {
  test('is closed with 1013 by the policy close, and nobody else has less of it', async () => {
    await using hall = await openHall(lane, 'close');
    const count = await publishUntil(hall, () => hall.channel.readyState !== 1);
    expect(hall.readers.map(numbers)).toEqual(hall.readers.map(() => upTo(count)));
    expect(hall.channel.send('more')).toBe('dropped');
    // What it got before is whole, and then it is told why.
    hall.lazy.raw.socket.resume();
    const events = await hall.lazy.ended();
    expect(events.at(-1)).toEqual(['close', 1013, expect.any(String)]);
    expect(numbers(hall.lazy)).toEqual(upTo(numbers(hall.lazy).length));
  });

  test('is cut soon after that when it goes on so', async () => {
    await withDefaults({ closeTimeoutMs: 200 }, async () => {
      await using hall = await openHall(lane, 'close');
      await publishUntil(hall, () => hall.channel.readyState !== 1);
      const startedAt = performance.now();
      expect(await hall.closed).toBe(1006);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    });
  });

  test('misses what comes meanwhile by the policy drop, in order, and is in it again when it reads', async () => {
    await using hall = await openHall(lane, 'drop');
    const count = await publishUntil(
      hall,
      () => hall.channel.bufferedBytes > LIMIT_BYTES - MESSAGE_BYTES && hall.channel.send(numbered(0)) === 'dropped',
    );
    await publishMore(hall, count, 5);
    const before = hall.lazy.reader.events.length;
    hall.lazy.raw.socket.resume();
    await hall.lazy.until(
      () => hall.lazy.reader.events.length > before && hall.channel.bufferedBytes === 0,
      'everything that waits',
    );
    await hall.open.server.publish('news', numbered(999));
    await hall.lazy.until(() => numbers(hall.lazy).at(-1) === 999, 'what comes now');
    const got = numbers(hall.lazy).slice(0, -1);
    expect(got).toEqual(upTo(got.length));
    expect(got.length).toBeLessThan(count + 5);
  });

  test('gets the newest of each topic by the policy latest, when it reads again', async () => {
    await using hall = await openHall(lane, 'latest');
    await hall.channel.join('weather');
    const count = await publishUntil(hall, () => hall.channel.bufferedBytes > 0);
    await hall.open.server.publish('weather', 'old rain');
    await publishMore(hall, count, 3);
    await hall.open.server.publish('weather', 'new rain');
    hall.lazy.raw.socket.resume();
    const texts = (): readonly string[] => hall.lazy.reader.events.map(([, text]) => String(text));
    await hall.lazy.until(
      () => texts().includes('new rain') && numbers(hall.lazy).at(-1) === count + 2,
      'the newest of both topics',
    );
    expect(texts()).not.toContain('old rain');
    expect(numbers(hall.lazy).filter((number) => number === count + 1)).toEqual([]);
  });

  test('gets the newest by the policy latest however little waits before it', async () => {
    await using hall = await openHall(lane, 'latest');
    // In small steps, so that less waits in the process than a stream calls full.
    const small = 'x'.repeat(4_000);
    for (let sent = 0; hall.channel.bufferedBytes === 0; sent++) {
      expect(sent).toBeLessThan(20_000);
      hall.channel.send(small);
      await nextTurn();
    }
    await hall.open.server.publish('news', 'newest');
    hall.lazy.raw.socket.resume();
    await hall.lazy.until(() => hall.lazy.reader.events.at(-1)?.[1] === 'newest', 'the newest');
  });

  test('no client is taken for slow because the server answers in the same turn', async () => {
    await using open = await openServer(
      (server) =>
        server.websocket({ slowClient: 'latest' }).accept('/', async (_message, channel) => {
          await channel.join('news');
          channel.send('answer');
          await server.publish('news', 'one');
          await server.publish('news', 'two');
          return 'done';
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    await client.send(frame(TEXT, 'go')).until(() => client.reader.events.at(-1)?.[1] === 'done', 'the last answer');
    expect(client.reader.events.map(([, text]) => text)).toEqual(['answer', 'one', 'two', 'done']);
  });

  test('no client is taken for slow by a handler that answers at once', async () => {
    await using open = await openServer(
      (server) =>
        server.websocket({ slowClient: 'latest' }).accept('/', {
          open: (channel) => channel.join('news'),
          message(_message, channel) {
            channel.send('answer');
            void server.publish('news', 'one');
            void server.publish('news', 'two');
            return 'done';
          },
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    await client.send(frame(TEXT, 'go')).until(() => client.reader.events.length >= 4, 'four messages');
    expect(new Set(client.reader.events.map(([, text]) => text))).toEqual(new Set(['answer', 'done', 'one', 'two']));
  });
});

async function publishMore(hall: Hall, from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index++) {
    await hall.open.server.publish('news', numbered(index));
    await Promise.all(hall.readers.map((reader) => reader.events(index + 2)));
  }
}

describe('a broadcast to 1,000 clients', () => {
  test('comes to each survivor once and in order while 500 die by a reset', { timeout: 60_000 }, async () => {
    let open500: (() => void) | undefined;
    let closed = 0;
    const allClosed = new Promise<void>((resolve) => (open500 = resolve));
    await using open = await openServer((server) =>
      server.accept('/', {
        open: (channel) => channel.join('news'),
        close() {
          if (++closed === 500) open500?.();
        },
      }),
    );
    const clients: FrameClient[] = [];
    for (let index = 0; index < 1_000; index += 100)
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => FrameClient.open(open.port)))));
    const survivors = clients.filter((_, index) => index % 2 === 0);
    const dying = clients.filter((_, index) => index % 2 === 1);
    for (let index = 0; index < 50; index++) {
      void open.server.publish('news', `message ${index}`);
      for (const each of dying.splice(0, 10)) each.raw.reset();
      if (index % 3 === 0) await nextTurn();
    }
    const wanted = Array.from({ length: 50 }, (_, index) => `message ${index}`);
    await Promise.all(survivors.map((client) => client.events(50)));
    await allClosed;
    for (const client of survivors) expect(client.reader.events.map(([, text]) => text)).toEqual(wanted);
    expect((await open.server.publish('news', 'last')).subscribers).toBe(500);
    expect(open.log.at('error')).toEqual([]);
    for (const client of survivors) client.raw.reset();
  });
});
