import { createHash } from 'node:crypto';

const LONGEST = 128;

/**
 * The key itself up to 128 characters; of a longer one its SHA-512, which with its mark has 129, so that no key can be
 * written that equals it.
 */
export function shortKey(key: string): string {
  return key.length <= LONGEST ? key : `#${createHash('sha512').update(key, 'utf16le').digest('hex')}`;
}
