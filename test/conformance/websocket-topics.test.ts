import { describe, expect, test } from 'vitest';
import type { HttpServer } from 'portlight';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { FrameClient } from './frame-client.ts';
import { LANES } from './lanes.ts';
import { BINARY, CLOSE, frame, TEXT } from './web-socket-frames.ts';

/**
 * Does what a message says: `join topic {"member":"ann"}`, `publish topic data`, `leave topic`, `topics`. Answers when
 * it is done.
 */
function register(server: HttpServer): HttpServer {
  return server.accept('/', async (message, channel) => {
    const [verb = '', topic = '', rest = ''] = String(message).split(' ', 3);
    if (verb === 'join') await channel.join(topic, rest === '' ? {} : (JSON.parse(rest) as Record<string, string>));
    else if (verb === 'leave') await channel.leave(topic);
    else if (verb === 'publish') return { subscribers: (await channel.publish(topic, rest)).subscribers };
    else if (verb === 'topics') return channel.topics;
    return `${verb} ${topic}`;
  });
}

const textsOf = (client: FrameClient): readonly string[] => client.reader.events.map(([, text]) => String(text));

/** Says something and waits for the answer to it. */
async function say(client: FrameClient, message: string, answer: string): Promise<void> {
  const before = client.reader.events.length;
  client.send(frame(TEXT, message));
  await client.until(() => textsOf(client).slice(before).includes(answer), answer);
}

/** All that came until a last publication. */
async function until(client: FrameClient, last: string): Promise<readonly string[]> {
  await client.until(() => textsOf(client).includes(last), last);
  return textsOf(client);
}

describe.each(LANES)('topics over WebSockets on the lane $name', (lane) => {
  test('bring what is published between join and leave, to those who are in it', async () => {
    await using open = await openServer(register, lane.options);
    await using one = await FrameClient.open(open.port);
    await using two = await FrameClient.open(open.port);
    await open.server.publish('news', 'too early');
    await say(one, 'join news', 'join news');
    await say(two, 'join news', 'join news');
    await say(two, 'join other', 'join other');
    await say(two, 'topics', '["news","other"]');
    expect(await open.server.publish('news', 'both')).toEqual({ id: undefined, subscribers: 2 });
    await say(one, 'leave news', 'leave news');
    expect((await open.server.publish('news', 'one of them')).subscribers).toBe(1);
    await open.server.publish('other', { n: 1 });
    expect(await until(two, '{"n":1}')).toEqual([
      'join news',
      'join other',
      '["news","other"]',
      'both',
      'one of them',
      '{"n":1}',
    ]);
    expect(textsOf(one)).toEqual(['join news', 'both', 'leave news']);
  });

  test('bring bytes as bytes, strings as text and the rest as JSON', async () => {
    await using open = await openServer(register, lane.options);
    await using client = await FrameClient.open(open.port);
    await say(client, 'join a', 'join a');
    for (const data of ['text', Buffer.from([0, 255]), [1], null, 7, '\ud800']) await open.server.publish('a', data);
    expect((await client.events(7)).slice(1)).toEqual([
      ['text', 'text'],
      ['binary', '\0\xff'],
      ['text', '[1]'],
      ['text', 'null'],
      ['text', '7'],
      ['text', '\ufffd'],
    ]);
  });

  test('leave out who publishes, and whom except names', async () => {
    const ids: string[] = [];
    await using open = await openServer(
      (server) =>
        register(server).accept('/id', {
          open: async (channel) => {
            ids.push(channel.id);
            await channel.join('news');
          },
          message: () => 'ready',
        }),
      lane.options,
    );
    await using one = await FrameClient.open(open.port);
    await using two = await FrameClient.open(open.port);
    await using excepted = await FrameClient.open(open.port, '/id');
    await say(excepted, 'x', 'ready');
    await say(one, 'join news', 'join news');
    await say(two, 'join news', 'join news');
    await say(one, 'publish news mine', '{"subscribers":2}');
    expect((await open.server.publish('news', 'not all', { except: ids[0] as string })).subscribers).toBe(2);
    await open.server.publish('news', 'last');
    expect(await until(one, 'last')).toEqual(['join news', '{"subscribers":2}', 'not all', 'last']);
    expect(await until(two, 'last')).toEqual(['join news', 'mine', 'not all', 'last']);
    expect(await until(excepted, 'last')).toEqual(['ready', 'mine', 'last']);
  });

  test('keep what is sent and published in order, within a turn too', async () => {
    await using open = await openServer(
      (server) =>
        server.accept('/', {
          open: (channel) => channel.join('news'),
          message(_message, channel) {
            for (let index = 0; index < 8; index++) {
              channel.send(`send ${index}`);
              void server.publish('news', `publish ${index}`);
            }
          },
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    client.send(frame(TEXT, 'go'));
    await client.events(16);
    expect(textsOf(client)).toEqual(
      Array.from({ length: 8 }, (_, index) => [`send ${index}`, `publish ${index}`]).flat(),
    );
  });

  test('bring a burst of one turn whole and in order to everybody', async () => {
    await using open = await openServer(register, lane.options);
    const clients = await Promise.all(Array.from({ length: 20 }, () => FrameClient.open(open.port)));
    for (const client of clients) await say(client, 'join news', 'join news');
    const burst = Array.from({ length: 8 }, (_, index) => `${index}`.padEnd(index % 2 === 0 ? 10 : 40_000, '.'));
    const results = await Promise.all(burst.map((data) => open.server.publish('news', data)));
    expect(results.every(({ subscribers }) => subscribers === 20)).toBe(true);
    for (const client of clients) {
      await client.events(9);
      expect(textsOf(client).slice(1)).toEqual(burst);
      await client[Symbol.asyncDispose]();
    }
  });

  test('bring each what is for a user to all channels of that user, and count them as one present', async () => {
    const changes: string[] = [];
    await using open = await openServer(
      (server) =>
        register(server).onPresence(
          'room',
          ({ kind, member, info }) => void changes.push(`${kind} ${member} ${JSON.stringify(info)}`),
        ),
      lane.options,
    );
    await using tab = await FrameClient.open(open.port);
    await using otherTab = await FrameClient.open(open.port);
    await using bob = await FrameClient.open(open.port);
    await say(tab, 'join room {"member":"ann","info":{"n":1}}', 'join room');
    await say(otherTab, 'join room {"member":"ann","info":{"n":2}}', 'join room');
    await say(bob, 'join room {"member":"bob"}', 'join room');
    expect((await open.server.presence('room')).map(({ member, info, channels }) => [member, info, channels])).toEqual([
      ['ann', { n: 2 }, 2],
      ['bob', undefined, 1],
    ]);
    expect((await open.server.publish('room', 'for ann', { user: 'ann' })).subscribers).toBe(2);
    await until(tab, 'for ann');
    await until(otherTab, 'for ann');
    await tab.send(frame(CLOSE)).ended({ isFirst: false });
    tab.raw.sendFin();
    otherTab.raw.reset();
    await expect.poll(async () => (await open.server.presence('room')).map(({ member }) => member)).toEqual(['bob']);
    expect(changes).toEqual(['joined ann {"n":1}', 'joined bob undefined', 'left ann {"n":2}']);
    expect(textsOf(bob)).toEqual(['join room']);
  });

  test('replay their history from the earliest, from a position and since one left, and go on live', async () => {
    await using open = await openServer((server) => register(server.history('log', { size: 3 })), lane.options);
    const ids: (string | undefined)[] = [];
    for (const data of ['a', 'b', 'c', 'd']) ids.push((await open.server.publish('log', data)).id);
    await using all = await FrameClient.open(open.port);
    await say(all, 'join log {"since":"earliest"}', 'join log');
    await using some = await FrameClient.open(open.port);
    await say(some, `join log {"since":"${ids[2] ?? ''}"}`, 'join log');
    await using gap = await FrameClient.open(open.port);
    await say(gap, 'join log {"since":"other-1"}', 'join log');
    await using away = await FrameClient.open(open.port);
    await say(away, 'join log {"member":"ann"}', 'join log');
    await say(away, 'leave log', 'leave log');
    await open.server.publish('log', 'e');
    await say(away, 'join log {"member":"ann","since":"left"}', 'join log');
    await open.server.publish('log', 'live');
    expect(await until(all, 'live')).toEqual(['b', 'c', 'd', 'join log', 'e', 'live']);
    expect(await until(some, 'live')).toEqual(['d', 'join log', 'e', 'live']);
    expect(await until(away, 'live')).toEqual(['join log', 'leave log', 'e', 'join log', 'live']);
    // A gap has a handler of its own and is no data.
    expect(await until(gap, 'live')).toEqual(['b', 'c', 'd', 'join log', 'e', 'live']);
  });

  test('forget a channel that is gone', async () => {
    await using open = await openServer(register, lane.options);
    await using client = await FrameClient.open(open.port);
    await say(client, 'join news', 'join news');
    await client.send(frame(CLOSE)).ended({ isFirst: false });
    client.raw.sendFin();
    await expect.poll(async () => (await open.server.publish('news', 'x')).subscribers).toBe(0);
  });

  test('compressed channels get the same in the same order', async () => {
    await using open = await openServer(
      (server) => register(server.websocket({ perMessageDeflate: true })),
      lane.options,
    );
    await using plain = await FrameClient.open(open.port);
    await using compressed = await FrameClient.open(open.port, '/', ['sec-websocket-extensions: permessage-deflate']);
    for (const client of [plain, compressed]) await say(client, 'join news', 'join news');
    const burst = Array.from({ length: 8 }, (_, index) => `${index} `.repeat(index % 2 === 0 ? 1 : 5_000));
    for (const data of burst) void open.server.publish('news', data);
    await open.server.publish('news', Buffer.from('last'));
    for (const client of [plain, compressed])
      expect((await client.events(10)).slice(1).map(([, text]) => text)).toEqual([...burst, 'last']);
    expect(compressed.reader.compressed).toBeGreaterThan(0);
    expect(await compressed.send(frame(BINARY, 'topics')).events(11)).toHaveLength(11);
  });
});
