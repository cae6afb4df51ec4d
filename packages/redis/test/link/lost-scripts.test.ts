import { expect, test } from 'vitest';
import { toScript } from '../../src/link/script.ts';
import { openLink } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';

const APPEND = toScript("return redis.call('RPUSH', KEYS[1], ARGV[1])");
const READ = toScript("return redis.call('LRANGE', KEYS[1], 0, -1)");
const CALLS = 3_000;

test.skipIf(!HAS_REDIS)('what is asked while Redis loses its scripts is done once, in its order', async () => {
  await using store = await RedisServer.start();
  const link = await openLink(store.url, {}, [APPEND]);
  const key = link.key('list');
  let interrupted = 0;
  link.onInterrupted(() => (interrupted += 1));
  const answers: Promise<unknown>[] = [];
  for (let index = 0; index < CALLS; index++) {
    answers.push(link.run(APPEND, [key], [index]));
    if (index % 500 === 250) answers.push(link.send(['SCRIPT', 'FLUSH']));
    // Others come while these fail and are sent again.
    if (index % 7 === 0) await new Promise(setImmediate);
  }
  await Promise.all(answers);
  await link.send(['SCRIPT', 'FLUSH']);
  const found = await link.run(READ, [key], []);
  expect(found).toEqual(Array.from({ length: CALLS }, (_, index) => String(index)));
  expect(interrupted).toBe(0);
  await link.close();
});
