import { describe, test } from 'vitest';
import { CutProxy, type Swallowing } from '../support/cut-proxy.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { tellOutage } from './outage-story.ts';

/** As Redis does where its memory is full. */
async function evict(redis: RedisServer, prefix: string, pattern: string): Promise<void> {
  const lines = (await redis.ask(`KEYS {${prefix}}:${pattern}`)).split('\r\n');
  const keys = lines.filter((line) => line.startsWith('{'));
  if (keys.length === 0) throw new Error(`There is no ${pattern}.`);
  await redis.ask(...keys.map((key) => `DEL '${key}'`));
}

describe.runIf(HAS_REDIS).concurrent('two machines go on when Redis', () => {
  test('is killed, and started again empty', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    await tellOutage(expect, { urls: [url, url], away: () => redis.kill(), back: () => redis.restart() });
  });

  test('is killed, and started again with what it had saved before', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    const [saved, away, back] = [() => redis.ask('SAVE'), () => redis.kill(), () => redis.restart()];
    await tellOutage(expect, { urls: [url, url], saved, away, back });
  });

  test.for(['FLUSHALL', 'FLUSHDB'])('is emptied by %s', async (command, { expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    await tellOutage(expect, { urls: [url, url], away: () => redis.ask(command), cutOff: [] });
  });

  test('loses its scripts under traffic', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    await tellOutage(expect, {
      urls: [url, url],
      away: () => redis.ask('SCRIPT FLUSH'),
      cutOff: [],
    });
  });

  test('stands still for 3 s', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    await tellOutage(expect, {
      urls: [url, url],
      away: () => redis.pause(),
      awayMs: 3_000,
      back: () => redis.resume(),
    });
  });

  test('stands still for longer than a machine may be silent', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    await tellOutage(expect, {
      urls: [url, url],
      away: () => redis.pause(),
      awayMs: 5_000,
      lostAfterMs: 3_000,
      back: () => redis.resume(),
    });
  });

  test('works on something else for 3 s', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    await tellOutage(expect, { urls: [url, url], away: () => void redis.ask('DEBUG SLEEP 3'), awayMs: 3_000 });
  });

  test.for(['normal', 'pubsub'])('kills its connections of the kind %s', async (kind, { expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    await tellOutage(expect, { urls: [url, url], away: () => redis.ask(`CLIENT KILL TYPE ${kind}`), awayMs: 500 });
  });

  test('kills its connections, and lets its user do little', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const rights =
      '+@read +@write +@connection -@dangerous +publish +subscribe +evalsha +script|load +info +role +time';
    await redis.ask(`ACL SETUSER app on >right ~{test-*}:* &{test-*}:* -@all ${rights}`);
    const url = redis.url.replace('redis://', 'redis://app:right@');
    await tellOutage(expect, { urls: [url, url], away: () => redis.ask('CLIENT KILL USER app'), awayMs: 500 });
  });

  test('refuses memory for a while', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    const away = () => redis.ask('CONFIG SET maxmemory-policy noeviction', 'CONFIG SET maxmemory 1');
    await tellOutage(expect, {
      urls: [url, url],
      away,
      awayMs: 2_500,
      back: () => redis.ask('CONFIG SET maxmemory 0'),
    });
  });

  test.for(['allkeys-lru', 'allkeys-random'])(
    'evicts what it likes, by %s, but for presence',
    async (policy, { expect }) => {
      await using redis = await RedisServer.start();
      const { url } = redis;
      const away = async () => {
        const used = Number(/used_memory:(\d+)/.exec(await redis.ask('INFO memory'))?.[1]);
        await redis.ask(`CONFIG SET maxmemory-policy ${policy}`, `CONFIG SET maxmemory ${used + 500_000}`);
        for (let round = 0; round < 10; round++) await redis.ask(`DEBUG POPULATE 2000 junk${round} 200`);
      };
      const back = () => redis.ask('CONFIG SET maxmemory 0');
      await tellOutage(expect, { urls: [url, url], away, awayMs: 2_000, back, keepsPresence: false, cutOff: [] });
    },
  );

  test.for(['shared', 'machines*', 'interest:live', 'topic:*', 'history:kept', 'limit:*', 'owner:*'])(
    'evicts %s',
    async (pattern, { expect }) => {
      await using redis = await RedisServer.start();
      const { url } = redis;
      await tellOutage(expect, {
        urls: [url, url],
        away: (prefix) => evict(redis, prefix, pattern),
        awayMs: 2_000,
        cutOff: [],
      });
    },
  );

  test('evicts who is there, but for presence', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    const away = (prefix: string) => evict(redis, prefix, 'members:live');
    await tellOutage(expect, { urls: [url, url], away, awayMs: 2_000, keepsPresence: false, cutOff: [] });
  });

  test('becomes a replica for a while, and takes no writes', async ({ expect }) => {
    await using redis = await RedisServer.start();
    const { url } = redis;
    const away = () => redis.ask('REPLICAOF 127.0.0.1 1');
    await tellOutage(expect, { urls: [url, url], away, awayMs: 2_500, back: () => redis.ask('REPLICAOF NO ONE') });
  });

  test('is taken over for by its replica, behind one address', async ({ expect }) => {
    await using redis = await RedisServer.start();
    await using replica = await RedisServer.replicaOf(redis);
    await using proxy = await CutProxy.open(redis.port);
    await tellOutage(expect, {
      urls: [proxy.url, proxy.url],
      away: () => redis.kill(),
      back: async () => {
        await replica.ask('REPLICAOF NO ONE');
        proxy.mend(replica.port);
      },
    });
  });

  test('is taken over for by its replica, which is the second of two addresses', async ({ expect }) => {
    await using redis = await RedisServer.start();
    await using replica = await RedisServer.replicaOf(redis);
    const urls = [redis.url, replica.url];
    const back = () => replica.ask('REPLICAOF NO ONE');
    await tellOutage(expect, { urls: [urls, urls], away: () => redis.kill(), back });
  });

  test('is taken over for by a replica that has not got the last writes', async ({ expect }) => {
    await using redis = await RedisServer.start();
    await using replica = await RedisServer.replicaOf(redis);
    await using proxy = await CutProxy.open(redis.port);
    const saved = () => replica.ask('REPLICAOF NO ONE');
    const back = () => proxy.mend(replica.port);
    await tellOutage(expect, { urls: [proxy.url, proxy.url], saved, away: () => redis.kill(), back });
  });
});

describe
  .runIf(HAS_REDIS)
  .concurrent('a machine goes on by itself, and the other as before, when its way to Redis', () => {
    test('is cut, and refused', async ({ expect }) => {
      await using redis = await RedisServer.start();
      await using proxy = await CutProxy.open(redis.port);
      const [away, back] = [() => proxy.cut(), () => proxy.mend()];
      await tellOutage(expect, { urls: [proxy.url, redis.url], away, back, cutOff: ['a'] });
    });

    test('is cut for longer than it may be silent', async ({ expect }) => {
      await using redis = await RedisServer.start();
      await using proxy = await CutProxy.open(redis.port);
      const [away, back] = [() => proxy.cut(), () => proxy.mend()];
      // The other finds it gone meanwhile, with its members.
      const alsoTold = ['left ada', 'joined ada'];
      await tellOutage(expect, {
        urls: [proxy.url, redis.url],
        away,
        awayMs: 5_000,
        back,
        alsoTold,
        lostAfterMs: 3_000,
        cutOff: ['a'],
      });
    });

    test.for<Swallowing>([
      {},
      { way: 'to Redis' },
      { way: 'from Redis' },
      { connection: 'commands' },
      { connection: 'listener', way: 'from Redis' },
    ])('swallows bytes: %j', async (swallowing, { expect }) => {
      await using redis = await RedisServer.start();
      await using proxy = await CutProxy.open(redis.port);
      const [away, back] = [() => proxy.swallow(swallowing), () => proxy.mend()];
      await tellOutage(expect, {
        urls: [proxy.url, redis.url],
        away,
        awayMs: 3_000,
        back,
        cutOff: ['a'],
      });
    });
  });
