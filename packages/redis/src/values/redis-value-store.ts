import { ServiceUnavailableError, type ValueStore } from 'portlight';
import type { RedisLink } from '../link/redis-link.ts';

/** A half of a surrogate pair has no UTF-8: two texts that differ in it would be one in Redis. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Values in Redis, each with its time there, which is what bounds them. Where Redis has no room they are refused; where
 * it evicts keys instead, a nonce may be forgotten before its time.
 */
export class RedisValueStore implements ValueStore {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async get(key: string): Promise<string | undefined> {
    const value = await this.#link.send(['GET', this.#valueKey(key)]);
    return (value as string | null) ?? undefined;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    assertText('value', value);
    assertTime(ttlMs);
    await this.#write(['SET', this.#valueKey(key), value, 'PX', ttlMs]);
  }

  async delete(key: string): Promise<void> {
    await this.#link.send(['DEL', this.#valueKey(key)]);
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    assertText('key', key);
    assertTime(ttlMs);
    return (await this.#write(['SET', this.#link.key('claim', key), '', 'PX', ttlMs, 'NX'])) !== null;
  }

  #valueKey(key: string): string {
    assertText('key', key);
    return this.#link.key('value', key);
  }

  async #write(command: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#link.send(command);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('OOM ')) throw noRoom(error);
      throw error;
    }
  }
}

function noRoom(cause: Error): ServiceUnavailableError {
  return new ServiceUnavailableError('There is no room for another value.', {
    headers: { 'retry-after': '10' },
    cause,
  });
}

/** @throws {TypeError} */
function assertText(what: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`The ${what} has to be a string, not ${typeof value}.`);
  if (LONE_SURROGATE.test(value)) throw new TypeError(`The ${what} has half a surrogate pair, which is no text.`);
}

/** @throws {RangeError} */
function assertTime(ttlMs: unknown): void {
  if (typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 1) return;
  throw new RangeError(`The time of a value is a whole number of milliseconds from 1, not ${String(ttlMs)}.`);
}
