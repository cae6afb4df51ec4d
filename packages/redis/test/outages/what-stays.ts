import type { RedisServer } from '../support/redis-server.ts';

/** The keys of all apps, behind their prefixes. */
export async function keysIn(redis: RedisServer): Promise<readonly string[]> {
  const lines = (await redis.ask('KEYS *')).split('\r\n').filter((line) => line.startsWith('{'));
  return lines.map((key) => key.slice(key.indexOf('}:') + 2)).toSorted();
}

/** The machines of which something may be there. */
export async function machinesIn(redis: RedisServer): Promise<readonly string[]> {
  return (await keysIn(redis)).filter((key) => key.startsWith('machines:'));
}
