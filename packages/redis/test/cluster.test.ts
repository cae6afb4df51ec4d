import { expect, test } from 'vitest';
import { redis } from '../src/index.ts';
import { HAS_REDIS, RedisServer } from './support/redis-server.ts';
import { useAll } from './support/use-all.ts';

test.skipIf(!HAS_REDIS)('all that an app has is in one slot of a cluster', async () => {
  await using server = await RedisServer.start('--cluster-enabled', 'yes');
  await server.ask('CLUSTER ADDSLOTSRANGE 0 16383');
  await expect.poll(() => server.ask('CLUSTER INFO')).toContain('cluster_state:ok');
  const [one, other] = [redis(server.url, { limitTimeoutMs: 5_000 }), redis(server.url, { limitTimeoutMs: 5_000 })];
  await useAll(one, other);
  const [, slot] = /:(\d+)/.exec(await server.ask('CLUSTER KEYSLOT {portlight}:')) ?? [];
  const [, found] = /:(\d+)/.exec(await server.ask(`CLUSTER COUNTKEYSINSLOT ${slot}`)) ?? [];
  const [, all] = /:(\d+)/.exec(await server.ask('DBSIZE')) ?? [];
  expect(Number(all)).toBeGreaterThan(5);
  expect(found).toBe(all);
  await one.close();
  await other.close();
});
