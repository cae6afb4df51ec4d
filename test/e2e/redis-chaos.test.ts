// A chat over two servers while the Redis that they share is killed again and again, and comes back empty: at each
// client every message is accounted for.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HAS_REDIS, RedisServer } from '../../packages/redis/test/support/redis-server.ts';
import { App } from './promises/app.ts';
import { SHARING } from './promises/modes.ts';
import { Socket } from './promises/socket.ts';
import { GAP, unaccounted } from './redis/account.ts';
import { Publisher } from './redis/publisher.ts';
import { openFeedReader, openSocketReader, type Reader, RoamingReader } from './redis/reader.ts';
import { IS_LONG } from './workers/children.ts';

const LASTS_MS = IS_LONG ? 120_000 : 9_000;
/** From one end of Redis to the next. */
const EVERY_MS = IS_LONG ? 10_000 : 3_000;
/** For how long it is away at least and at most. */
const AWAY_MS = IS_LONG ? ([200, 4_000] as const) : ([100, 1_500] as const);
/** Of a reader that moves, at one server. */
const STAY_MS = 700;
/** For one time that Redis is away, at one reader. */
const MOST_GAPS = 4;
const MEMBERS = ['Ada', 'Grace'];

type Servers = readonly [App, App];

/**
 * Who publishes in a topic, at either server: a WebSocket, and requests. Each stays at its server: while Redis is away
 * the clients of that one hear the message, and those of the other a gap when it is back.
 */
async function openPublishers(servers: Servers, topic: string): Promise<readonly Publisher[]> {
  const publishers = servers.map(async (server, index) => {
    const socket = await Socket.open(server.port);
    const offer = async (text: string): Promise<boolean> => (await socket.order('offer', topic, text)) === true;
    const ask = async (data: string): Promise<boolean> =>
      (await server.ask(`/publish/${topic}`, { body: JSON.stringify({ data }) })).status === 200;
    return [
      new Publisher(`${topic} from a WebSocket at ${index}`, offer),
      new Publisher(`${topic} from requests at ${index}`, ask),
    ];
  });
  return (await Promise.all(publishers)).flat();
}

function openReaders(servers: Servers, topic: string): Promise<readonly Reader[]> {
  return Promise.all(
    servers.flatMap(({ port }, index) => [
      openSocketReader(`a WebSocket of ${topic} at ${index}`, port, topic),
      openFeedReader(`a stream of ${topic} at ${index}`, port, topic),
    ]),
  );
}

/** Ends Redis every now and then. @returns when it was back, each time, on the clock of `performance` */
async function harm(store: RedisServer): Promise<readonly number[]> {
  const endsAt = performance.now() + LASTS_MS;
  const returns: number[] = [];
  while (performance.now() < endsAt) {
    await delay(EVERY_MS / 2);
    await store.kill();
    const [least, most] = AWAY_MS;
    const awayMs = least + Math.random() * (most - least);
    await delay(awayMs);
    await store.restart();
    returns.push(performance.now());
    await delay(Math.max(0, EVERY_MS / 2 - awayMs));
  }
  return returns;
}

/** Resolves when what is published at either server reaches all who read the topic. */
async function healed(servers: Servers, topic: string, readers: readonly Reader[]): Promise<void> {
  for (const [index, server] of servers.entries())
    for (let round = 1; ; round++) {
      const data = `fence ${index} ${round}`;
      await server.ask(`/publish/${topic}`, { body: JSON.stringify({ data }) });
      await delay(200);
      if (readers.every(({ seen }) => seen.includes(data))) break;
    }
}

/** What was in a topic, and what became of it. */
interface Chat {
  readonly topic: string;
  readonly publishers: readonly Publisher[];
  readonly readers: readonly Reader[];
}

/** @returns what to know of a run, as a sentence */
function figuresOf({ topic, publishers, readers }: Chat): string {
  const outcomes = publishers.flatMap((each) => [...each.outcomes.values()]);
  const published = outcomes.filter(({ isPublished }) => isPublished).length;
  const each = readers.map(({ name, seen }) => {
    const gaps = seen.filter((text) => text === GAP).length;
    const messages = seen.filter((text) => text !== GAP && !text.startsWith('fence ')).length;
    return `${name} has ${messages} and ${gaps} gaps`;
  });
  return `${topic}: ${published} published, ${outcomes.length - published} refused; ${each.join(', ')}`;
}

function expectAccount({ publishers, readers }: Chat, returns: readonly number[]): void {
  for (const { name, seen } of readers) {
    expect([name, publishers.flatMap((publisher) => unaccounted(seen, publisher, returns))]).toEqual([name, []]);
    // Each time it is away it is missed, and that is told a few times at most.
    const gaps = seen.filter((text) => text === GAP).length;
    expect(gaps).toBeGreaterThan(0);
    expect(gaps).toBeLessThanOrEqual(MOST_GAPS * returns.length);
  }
}

const MODES = SHARING.filter(({ name }) => IS_LONG || name !== 'forked');

describe.runIf(HAS_REDIS)('two servers, while Redis is killed again and again', () => {
  test.concurrent.each(MODES)(
    'account for every message in the mode $name',
    { timeout: 300_000 },
    async ({ name, on }) => {
      await using store = await RedisServer.start();
      const mode = on(store.url);
      await using one = await App.start(mode);
      await using other = await App.start(mode);
      const servers: Servers = [one, other];
      await one.ask('/connect', { headers: { 'x-client': 'ada' } });
      const members = await Promise.all(servers.map(({ port }) => Socket.open(port)));
      for (const [index, member] of MEMBERS.entries()) await members[index]?.order('join', 'room:chat', { member });
      const ports = servers.map(({ port }) => port);
      const roaming = await Promise.all(
        [ports, ports.toReversed()].map((way, index) =>
          RoamingReader.open(`roaming ${index}`, way, 'kept:chat', STAY_MS),
        ),
      );
      const chats: readonly Chat[] = await Promise.all(
        ['chat', 'kept:chat'].map(async (topic) => ({
          topic,
          readers: [...(await openReaders(servers, topic)), ...(topic === 'kept:chat' ? roaming : [])],
          publishers: await openPublishers(servers, topic),
        })),
      );

      const returns = await harm(store);
      for (const { publishers } of chats) await Promise.all(publishers.map((publisher) => publisher.stop()));
      await Promise.all(roaming.map((reader) => reader.settle()));
      for (const { topic, readers } of chats) await healed(servers, topic, readers);

      if (IS_LONG) process.stdout.write(`${name}, ${returns.length} times\n${chats.map(figuresOf).join('\n')}\n`);
      for (const chat of chats) expectAccount(chat, returns);
      for (const { moves } of roaming) expect(moves).toBeGreaterThan(3);
      // Who is there was told once, and is there still.
      for (const server of servers) {
        expect((await server.ask('/private', { headers: { 'x-client': 'ada' } })).status).toBe(200);
        const present = (await server.ask('/presence/room:chat')).json as readonly { readonly member: string }[];
        expect(present.map(({ member }) => member).toSorted()).toEqual(MEMBERS);
      }
      const told = (await Promise.all(servers.map((server) => server.linesByNow(/^presence |^came |^left /)))).flat();
      expect(told.toSorted()).toEqual(['came ada', ...MEMBERS.map((member) => `presence joined ${member} room:chat`)]);
    },
  );
});
