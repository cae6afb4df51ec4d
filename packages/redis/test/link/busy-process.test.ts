import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits/limits-script.ts';
import { RedisLimits } from '../../src/limits/redis-limits.ts';
import { inTime } from '../../src/link/in-time.ts';
import type { RedisLink } from '../../src/link/redis-link.ts';
import { openLink } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';

const LIMIT_MS = 250;

/** Does nothing else for longer than the limit, while what was sent is answered. */
function beBusy(): void {
  for (const end = performance.now() + 3 * LIMIT_MS; performance.now() < end;);
}

describe.runIf(HAS_REDIS)('a process that is busy for longer than an answer may take', () => {
  let store: RedisServer;
  let link: RedisLink;
  beforeAll(async () => {
    store = await RedisServer.start();
    link = await openLink(store.url, {}, [LIMITS]);
  });
  afterAll(async () => {
    await link.close();
    await store[Symbol.asyncDispose]();
  });

  test('hears what has come meanwhile', async () => {
    const answer = inTime(link.send(['PING']), LIMIT_MS, 'late');
    await Promise.resolve();
    beBusy();
    expect(await answer).toBe('PONG');
  });

  test('counts in Redis what it asked before', async () => {
    const limits = new RedisLimits(link, { commandTimeoutMs: LIMIT_MS });
    const policy = { name: 'busy', max: 2, windowMs: 60_000, algorithm: 'sliding-window' } as const;
    const answer = limits.take([{ key: 'key', policy }]);
    // What is asked in one turn is sent at the end of it.
    await new Promise(setImmediate);
    beBusy();
    expect((await answer)[0]).toMatchObject({ isAllowed: true });
    limits.close();
  });
});
