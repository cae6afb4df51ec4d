export { redis } from './redis.ts';
export type { RedisOptions } from './redis-options.ts';
