import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { HttpServer, RequestShape } from '../../src/index.ts';
import type { EventStream } from '../../src/channels/event-stream.ts';
import { deferred } from '../support/deferred.ts';
import { EventClient } from '../support/event-client.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

type Stream = EventStream<RequestShape>;

/** What the handler is told for a request. */
async function lastEventIdOf(
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const told = deferred<string | undefined>();
  const { server } = portless((app) =>
    app.events('/feed', (stream) => {
      told.resolve(stream.lastEventId);
      stream.close();
    }),
  );
  await server.fetch(path, { headers: { accept: 'text/event-stream', ...headers } });
  return told.promise;
}

describe('the last event id', () => {
  test('is that of the header, else that of the query', async () => {
    expect(await lastEventIdOf('/feed')).toBe(undefined);
    expect(await lastEventIdOf('/feed', { 'last-event-id': 'abc-7' })).toBe('abc-7');
    expect(await lastEventIdOf('/feed?lastEventId=abc-8')).toBe('abc-8');
    expect(await lastEventIdOf('/feed?lastEventId=abc-8', { 'last-event-id': 'abc-9' })).toBe('abc-9');
    expect(await lastEventIdOf('/feed?lastEventId=abc-8&lastEventId=abc-9')).not.toBe('abc-8,abc-9');
  });

  test('is found whatever a schema for the query leaves of it', async () => {
    const told = deferred<unknown>();
    const { server } = portless((app) =>
      app.events('/feed', { query: z.object({ page: z.coerce.number() }) }, (stream, request) => {
        told.resolve([stream.lastEventId, request.query]);
        stream.close();
      }),
    );
    await server.fetch('/feed?page=2&lastEventId=abc-8', { headers: { accept: 'text/event-stream' } });
    expect(await told.promise).toEqual(['abc-8', { page: 2 }]);
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['bytes above 7F', 'abc\xe9-7'],
    ['UTF-8', Buffer.from('abc😀-7').toString('latin1')],
    ['a tab', 'abc\t7'],
    ['257 characters', 'x'.repeat(257)],
    ['10 KB', 'x'.repeat(10_000)],
  ])('of %s is none', async (_what, id) => {
    const told = deferred<string | undefined>();
    await using open = await openServer((app) => app.events('/feed', (stream) => told.resolve(stream.lastEventId)));
    await using client = await RawClient.open(open.port);
    client.send(get('/feed', 'accept: text/event-stream', `last-event-id: ${id}`));
    expect(await told.promise).toBe(undefined);
    await client.until(() => client.received.includes('retry: '), 'the stream');
  });

  test.each(['%00', '%0D%0Adata:%20evil', '%FF', 'a'.repeat(300), '%F0%9F%98%80'])(
    'of %s in the query is none',
    async (id) => {
      const { server } = portless((app) =>
        app.events('/feed', (stream) => {
          stream.send({ data: { id: stream.lastEventId ?? 'none' } });
          stream.close();
        }),
      );
      const response = await server.fetch(`/feed?lastEventId=${id}`, { headers: { accept: 'text/event-stream' } });
      expect(response.status === 400 || (await response.text()).endsWith('data: {"id":"none"}\n\n')).toBe(true);
    },
  );

  test('with CR in it is no request', async () => {
    await using open = await openServer((app) => app.events('/feed', () => undefined));
    await using client = await RawClient.open(open.port);
    client.send(get('/feed', 'accept: text/event-stream', 'last-event-id: a\rb'));
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each(['left', 'earliest'])('%j is not what an app says to join', async (id) => {
    const { server } = portless((app) =>
      app.history('news', { size: 10 }).events('/feed', async (stream) => {
        await stream.join('news');
        stream.close();
      }),
    );
    await server.publish('news', 'old');
    const response = await server.fetch('/feed', { headers: { accept: 'text/event-stream', 'last-event-id': id } });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('event: portlight.gap\n');
  });
});

/** A server with history whose streams join the topics of the path, and which publishes numbers. */
async function openNews(register: (app: HttpServer) => unknown = () => undefined): Promise<
  Awaited<ReturnType<typeof openServer>> & {
    publish(topic: string, ...data: readonly unknown[]): Promise<readonly (string | undefined)[]>;
  }
> {
  const open = await openServer((app) => {
    app.history('news*', { size: 50 }).events('/feed/:topics', (stream) => {
      for (const topic of stream.params.topics.split(',')) void stream.join(topic);
    });
    register(app);
  });
  return {
    ...open,
    async publish(topic, ...data) {
      const ids: (string | undefined)[] = [];
      for (const each of data) ids.push((await open.server.publish(topic, each)).id);
      return ids;
    },
  };
}

describe('what is published', () => {
  test('reaches all streams of the topic as events, with type and position', async () => {
    await using open = await openNews();
    await using client = await EventClient.open(open.port, '/feed/news');
    await using other = await EventClient.open(open.port, '/feed/other');
    expect((await open.server.publish('news', 'text\nof two lines')).subscribers).toBe(1);
    const { id } = await open.server.publish('news', { n: 1 }, { event: 'count' });
    await open.server.publish('other', 'x', { event: 'plain' });
    expect((await client.events(2))[1]).toEqual({ event: 'count', data: '{"n":1}', id });
    expect((await client.events(2))[0]).toMatchObject({ event: 'message', data: 'text\nof two lines' });
    // A topic without history has no positions: nobody shall come back with what leads nowhere.
    expect(await other.events(1)).toEqual([{ event: 'plain', data: 'x', id: undefined }]);
  });

  test('passes over who is excepted, and reaches one member only where it is for that', async () => {
    const ids = new Map<string, string>();
    await using open = await openServer((app) =>
      app.events('/:name', (stream) => {
        void stream.join('news', { member: stream.params.name });
        ids.set(stream.params.name, stream.id);
      }),
    );
    await using ada = await EventClient.open(open.port, '/ada');
    await using grace = await EventClient.open(open.port, '/grace');
    await open.server.publish('news', 'not ada', { except: ids.get('ada') ?? '' });
    await open.server.publish('news', 'ada only', { user: 'ada' });
    await open.server.publish('news', 'all');
    expect([await ada.data(2), await grace.data(2)]).toEqual([
      ['ada only', 'all'],
      ['not ada', 'all'],
    ]);
    expect((await open.server.presence('news')).map(({ member }) => member)).toEqual(['ada', 'grace']);
  });

  test('no longer comes after leave', async () => {
    const opened = deferred<Stream>();
    await using open = await openServer((app) =>
      app.events('/feed', (stream) => {
        void stream.join('news');
        opened.resolve(stream);
      }),
    );
    await using client = await EventClient.open(open.port, '/feed');
    await open.server.publish('news', 'first');
    const stream = await opened.promise;
    await stream.leave('news');
    expect((await open.server.publish('news', 'second')).subscribers).toBe(0);
    stream.send({ data: 'third' });
    expect(await client.data(2)).toEqual(['first', 'third']);
  });
});

describe('a client that comes back', () => {
  test('gets what it missed, once and in order, and then what is new', async () => {
    await using open = await openNews();
    const first = await EventClient.open(open.port, '/feed/news');
    await open.publish('news', 1, 2, 3);
    const [, second] = await first.events(3);
    await first[Symbol.asyncDispose]();
    await open.publish('news', 4, 5);
    await using client = await EventClient.open(open.port, '/feed/news', { 'last-event-id': second?.id ?? '' });
    await open.publish('news', 6);
    expect(await client.data(4)).toEqual(['3', '4', '5', '6']);
    await using byQuery = await EventClient.open(open.port, `/feed/news?lastEventId=${second?.id}`);
    expect(await byQuery.data(4)).toEqual(['3', '4', '5', '6']);
    expect([...client.received, ...byQuery.received].some(({ event }) => event === 'portlight.gap')).toBe(false);
  });

  test('misses nothing and gets nothing twice, however often it is cut while messages come', async () => {
    await using open = await openNews();
    const got: string[] = [];
    let last = (await open.publish('news', 0))[0] ?? '';
    let published = 0;
    for (let round = 0; round < 30; round++) {
      const client = await EventClient.open(open.port, '/feed/news', { 'last-event-id': last });
      const publishing = open.publish('news', ...Array.from({ length: 1 + (round % 5) }, () => ++published));
      if (round % 3 > 0) await client.events(1);
      await client[Symbol.asyncDispose]();
      got.push(...client.received.map(({ data }) => data));
      last = client.received.at(-1)?.id ?? last;
      await publishing;
    }
    await using client = await EventClient.open(open.port, '/feed/news', { 'last-event-id': last });
    await open.publish('news', 'end');
    await client.until(() => client.received.at(-1)?.data === '"end"' || client.received.at(-1)?.data === 'end');
    got.push(...client.received.slice(0, -1).map(({ data }) => data));
    expect(got).toEqual(Array.from({ length: published }, (_, index) => String(index + 1)));
  });

  test('is told of a gap before what is left, and may come back from there', async () => {
    await using open = await openNews((app) => app.history('news-short', { size: 2 }));
    const [first] = await open.publish('news-short', 1, 2, 3, 4);
    await using client = await EventClient.open(open.port, '/feed/news-short', { 'last-event-id': first ?? '' });
    const [gap, ...rest] = await client.events(3);
    expect([gap?.event, JSON.parse(gap?.data ?? '')]).toEqual(['portlight.gap', { topic: 'news-short', since: first }]);
    expect(rest.map(({ data }) => data)).toEqual(['3', '4']);
    await using again = await EventClient.open(open.port, '/feed/news-short', { 'last-event-id': gap?.id ?? '' });
    expect(await again.data(2)).toEqual(['3', '4']);
  });

  test.each(['another-7', 'nonsense', '-', '0', 'x'.repeat(256)])(
    'with the position %j of elsewhere is told of a gap, and gets all there is',
    async (id) => {
      await using open = await openNews();
      await open.publish('news', 1, 2);
      await using client = await EventClient.open(open.port, '/feed/news', { 'last-event-id': id });
      const events = await client.events(3);
      expect(events.map(({ event, data }) => (event === 'portlight.gap' ? event : data))).toEqual([
        'portlight.gap',
        '1',
        '2',
      ]);
    },
  );

  test('to a topic without history gets what comes from now on', async () => {
    await using open = await openNews();
    await open.publish('other', 1);
    await using client = await EventClient.open(open.port, '/feed/other', { 'last-event-id': 'another-7' });
    await open.publish('other', 2);
    expect(await client.data(1)).toEqual(['2']);
  });

  test('to several topics takes up all of them by one id', async () => {
    await using open = await openNews();
    const [start] = await open.publish('news-a', 'start');
    for (const [topic, data] of [
      ['news-a', 1],
      ['news-b', 2],
      ['news-a', 3],
      ['news-a', 4],
      ['news-b', 5],
      ['news-a', 6],
    ] as const)
      await open.publish(topic, data);
    const got: string[] = [];
    let last = start ?? '';
    // Cut after each event: what it saw last has to be enough.
    for (let count = 0; count < 6; count++) {
      await using client = await EventClient.open(open.port, '/feed/news-a,news-b', { 'last-event-id': last });
      const [event] = await client.events(1);
      got.push(event?.data ?? '');
      last = event?.id ?? '';
    }
    expect(got).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  test('gets on where more was missed than may wait for it at once', async () => {
    await using open = await openNews((app) => app.websocket({ maxBackpressureBytes: 10_000 }));
    const [start] = await open.publish('news', 'start');
    await open.publish('news', ...Array.from({ length: 40 }, (_, index) => String(index).padEnd(1_000)));
    const got: string[] = [];
    let last = start ?? '';
    for (let round = 0; round < 10 && got.length < 40; round++) {
      await using client = await EventClient.open(open.port, '/feed/news', { 'last-event-id': last });
      await client.until(() => client.ended !== undefined || client.received.length + got.length === 40);
      got.push(...client.received.map(({ data }) => data.trim()));
      last = client.received.at(-1)?.id ?? last;
    }
    expect(got).toEqual(Array.from({ length: 40 }, (_, index) => String(index)));
  });

  test('to several topics takes up all of them by one id, whatever it is in each of them', async () => {
    await using open = await openServer((app) =>
      app.history('*', { size: 50 }).events('/feed', (stream) => {
        for (const topic of ['a', 'b']) void stream.join(topic, { member: `ada in ${topic}`, info: { topic } });
      }),
    );
    const { id } = await open.server.publish('a', 'start');
    for (const [topic, data] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ] as const)
      await open.server.publish(topic, data);
    await using client = await EventClient.open(open.port, '/feed', { 'last-event-id': id ?? '' });
    expect(await client.data(3)).toEqual(['1', '2', '3']);
    expect((await open.server.presence('b')).map(({ member, info }) => [member, info])).toEqual([
      ['ada in b', { topic: 'b' }],
    ]);
  });

  test('is not joined where a topic is refused, and that is logged', async () => {
    await using open = await openServer((app) =>
      app.history('*', { size: 50 }).events('/feed', (stream) => {
        for (let topic = 0; topic < 129; topic++) void stream.join(`topic ${topic}`);
      }),
    );
    await using first = await EventClient.open(open.port, '/feed');
    await using again = await EventClient.open(open.port, '/feed', { 'last-event-id': 'a-1' });
    expect([first.status, await first.end(), await again.end()]).toEqual([403, 'end', 'end']);
    expect(again.status === 403 || open.log.at('error').length === 1).toBe(true);
  });

  test('joins a topic without history at once, and leaves it as others do', async () => {
    const told = deferred<readonly unknown[]>();
    const { server } = portless((app) =>
      app.events('/feed', async (stream) => {
        void stream.join('news');
        const { subscribers } = await server.publish('news', 'in the same turn');
        const topics = stream.topics;
        void stream.join('more');
        void stream.leave('more');
        await new Promise(setImmediate);
        told.resolve([subscribers, topics, stream.topics]);
        stream.close();
      }),
    );
    const response = await server.fetch('/feed', { headers: { accept: 'text/event-stream', 'last-event-id': 'a-1' } });
    expect(await response.text()).toContain('data: in the same turn\n');
    expect(await told.promise).toEqual([1, ['news'], ['news']]);
  });

  /** What becomes of a stream whose handler joins a topic with too long a name. */
  const joinBadTopic = async (id: string): Promise<readonly unknown[]> => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    try {
      const { server } = portless((app) =>
        app.history('*', { size: 10 }).events('/feed/:topic', (stream) => void stream.join(stream.params.topic)),
      );
      const response = await server.fetch(`/feed/${'a'.repeat(513)}`, {
        headers: { accept: 'text/event-stream', 'last-event-id': id },
      });
      for (let round = 0; round < 5; round++) await new Promise(setImmediate);
      return [response.status, unhandled];
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    }
  };

  test('is refused a bad topic as others are', async () => {
    expect(await joinBadTopic('')).toEqual([400, []]);
    expect(await joinBadTopic('a-1')).toEqual([400, []]);
  });

  test('gets what the app asks for, where it says from where', async () => {
    await using open = await openServer((app) =>
      app.history('news', { size: 10 }).events('/feed', (stream) => void stream.join('news', { since: 'earliest' })),
    );
    await open.server.publish('news', 1);
    const { id } = await open.server.publish('news', 2);
    await using client = await EventClient.open(open.port, '/feed', { 'last-event-id': id ?? '' });
    expect(await client.data(2)).toEqual(['1', '2']);
  });
});
