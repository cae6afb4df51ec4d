import { RedisLink } from '../../src/link/redis-link.ts';
import type { Script } from '../../src/link/script.ts';
import { parseRedisOptions, type RedisOptions } from '../../src/redis-options.ts';

let links = 0;

/** A machine that can reach the Redis; unless a prefix is given, it is alone there. */
export async function openLink(
  url: string,
  options: RedisOptions = {},
  scripts: readonly Script[] = [],
): Promise<RedisLink> {
  const link = new RedisLink(parseRedisOptions(url, { prefix: freshPrefix(), ...options }), scripts);
  await link.open();
  return link;
}

/** One that no other test of this process has. */
export function freshPrefix(): string {
  return `test-${process.pid}-${++links}`;
}
