import { storeContract } from '@portlight/rate-limit/testing';
import { nodeLoop } from '@portlight/rate-limit/leases';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { LIMITS } from '../../src/limits/limits-script.ts';
import { RedisLimits } from '../../src/limits/redis-limits.ts';
import { ClockLink } from '../support/clock-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';

describe.runIf(HAS_REDIS)('the store that counts in Redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(storeContract)('$name', async ({ run }) => {
    const link = await ClockLink.open(server.url, LIMITS);
    await run((now) => {
      link.now = now;
      return new RedisLimits(link, { commandTimeoutMs: 3_000, loop: { ...nodeLoop, now } });
    });
    await link.close();
  });
});
