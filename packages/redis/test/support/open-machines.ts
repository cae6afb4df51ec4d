import { toScript, type Script } from '../../src/link/script.ts';
import { freshPrefix } from './open-link.ts';
import type { RedisServer } from './redis-server.ts';
import { TestLink } from './test-link.ts';

const NONE = toScript('return 0');

/** Makes all keys of an app that much older. */
const AGE = `
  for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
    local left = redis.call('PTTL', key)
    if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[2]) end
  end`;

/** Several machines of one app that share a Redis, whose time can be let go on. */
export interface OpenMachines {
  readonly links: readonly TestLink[];
  /** For the times of keys, and for the clock that the script sees. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** An app of its own in a Redis. @param script whose clock goes on */
export async function openMachines({ url }: RedisServer, count: number, script: Script = NONE): Promise<OpenMachines> {
  const prefix = freshPrefix();
  const links = await Promise.all(Array.from({ length: count }, () => TestLink.open(url, prefix, script)));
  const observer = await TestLink.open(url, prefix, NONE);
  let shiftMs = 0;
  return {
    links,
    async advance(ms) {
      shiftMs += ms;
      for (const link of links) await link.shift(shiftMs);
      await observer.send(['EVAL', AGE, 0, observer.key(''), ms]);
    },
    async close() {
      for (const link of [...links, observer]) await link.close();
    },
  };
}
