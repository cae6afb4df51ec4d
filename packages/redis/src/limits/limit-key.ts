import { createHash } from 'node:crypto';
import type { RateLimitPolicy } from '@portlight/rate-limit';
import type { PartLink } from '../link/redis-link.ts';

/** Half a pair of UTF-16. */
const HALF_PAIR = /\p{Surrogate}/u;

/**
 * Where Redis keeps what one key has taken under one policy. The policy is a part of it: policies that differ in
 * anything count apart, as in every store.
 *
 * @param key of at most 129 characters, as a `LeasedRateLimitStore` says it; bounded so, it cannot fill Redis
 */
export function limitKey(link: PartLink, { name, max, windowMs, algorithm }: RateLimitPolicy, key: string): string {
  const kind = algorithm === 'token-bucket' ? 'b' : 'w';
  return link.key('limit', `${max}/${windowMs / 1_000}${kind}`, String(name.length), name, writable(key));
}

/** UTF-8 has no halves of pairs: they would all be the same. No key of a store begins with `%` and is so long. */
function writable(key: string): string {
  return HALF_PAIR.test(key) ? `%${createHash('sha512').update(key, 'utf16le').digest('hex')}` : key;
}
