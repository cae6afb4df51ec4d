import type { BusMessage, PublishTerms } from 'portlight';
import { expect, test } from 'vitest';
import { readable } from '../../src/bus/message-frame.ts';
import { RedisTopics, TOPICS } from '../../src/bus/redis-topics.ts';
import { openLink } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';

const MIB = 1_048_576;
const MOST_BYTES = 4 * MIB;
const KEPT: PublishTerms = { keep: { size: 100, ttlMs: undefined }, once: undefined, isExceptThere: false };

const textOf = (topic: string, bytes: number): BusMessage => ({
  topic,
  form: 'text',
  payload: 'x'.repeat(bytes),
  event: undefined,
  except: undefined,
  user: undefined,
});

/** How topics and messages are divided: Redis gives a stream memory long before there is much in it. */
test.skipIf(!HAS_REDIS).each([
  { topics: 20_000, each: 1, bytes: 10 },
  { topics: 100, each: 400, bytes: 100 },
  { topics: 100, each: 50, bytes: 10_000 },
])(
  'the histories of $topics topics with $each messages of $bytes bytes take no more memory than they may',
  async ({ topics, each, bytes }) => {
    await using redis = await RedisServer.start();
    const link = await openLink(redis.url, {}, TOPICS);
    const bus = new RedisTopics(link, MOST_BYTES).end(link.ownerOf('one'), { form: readable });
    const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await redis.ask('INFO memory'))?.[1]);
    const before = await used();
    const publish = (topic: number): Promise<unknown> => bus.publish(textOf(`room:${topic}`, bytes), KEPT);
    for (let round = 0; round < each; round++)
      for (let from = 0; from < topics; from += 500)
        await Promise.all(Array.from({ length: Math.min(500, topics - from) }, (_, index) => publish(from + index)));
    const { messages } = await bus.read(`room:${topics - 1}`, 'earliest');
    expect(messages.length).toBeGreaterThan(0);
    // Records of topics that have lost all stay for a day: they are few bytes each, and no history.
    const records = topics > 1_000 ? topics * 200 : 0;
    expect((await used()) - before - records).toBeLessThan(MOST_BYTES * 1.25);
    await link.close();
  },
);
