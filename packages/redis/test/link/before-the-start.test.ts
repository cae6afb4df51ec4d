import { HttpServer } from 'portlight';
import { describe, expect, test } from 'vitest';
import { redis } from '../../src/index.ts';
import { freshPrefix } from '../support/open-link.ts';
import { freePort, HAS_REDIS, RedisServer } from '../support/redis-server.ts';

describe.runIf(HAS_REDIS)('a server that has not started', () => {
  test('publishes to Redis, and not aside', async () => {
    await using server = await RedisServer.start();
    const prefix = freshPrefix();
    const [one, other] = [1, 2].map(() =>
      new HttpServer('127.0.0.1', 0).backplane(redis(server.url, { prefix })).history('t', { size: 9 }),
    ) as [HttpServer, HttpServer];
    try {
      const first = await one.publish('t', 'first');
      const second = await other.publish('t', 'second');
      expect([first.id, second.id].map((id) => id?.split('-')[1])).toEqual(['1', '2']);
    } finally {
      await one.shutdown();
      await other.shutdown();
    }
  });

  test('rejects what it is asked where there is no Redis', async () => {
    const server = new HttpServer('127.0.0.1', 0).backplane(redis(`redis://127.0.0.1:${await freePort()}`));
    try {
      await expect(server.publish('t', 'lost')).rejects.toMatchObject({ status: 503 });
    } finally {
      await server.shutdown();
    }
  });
});
