import type { Backplane } from 'portlight';
import { RedisBackplane } from './redis-backplane.ts';
import { parseRedisOptions, type RedisOptions } from './redis-options.ts';

/**
 * What the machines of an app share, on one Redis or Valkey, from version 7: rate limits, connected clients, topics
 * with their histories and presence, and values. For `server.backplane`; each server has one of its own.
 *
 * @example
 * server.backplane(redis('redis://127.0.0.1:6379'));
 *
 * @param url `redis://user:password@host:port/database`, `rediss:` for TLS, or `unix:///path.sock`. Of several, such as
 *   a primary and who takes over for it, the one is used that takes writes
 * @throws {ConfigError} on a wrong URL or option
 */
export function redis(url: string | readonly string[], options: RedisOptions = {}): Backplane {
  return new RedisBackplane(parseRedisOptions(url, options));
}
