type MaybePromise<T> = T | Promise<T>;

/**
 * Small values for a time: nonces that were used, sessions. Keys and values are any well-formed text; what is none, and
 * a time that is no whole number from 1, is a mistake of who calls, and throws or rejects.
 */
export interface ValueStore {
  /** `undefined` where there is none, or its time is over. */
  get(key: string): MaybePromise<string | undefined>;
  /**
   * Keeps the value in place of an earlier one, which stays where this fails.
   *
   * @param ttlMs for how long, from 1
   */
  set(key: string, value: string, ttlMs: number): MaybePromise<void>;
  delete(key: string): MaybePromise<void>;
  /**
   * Takes the key for a time, in one step with asking whether it is taken. Claims and values do not see each other.
   *
   * @param ttlMs for how long, from 1
   * @returns whether this is the first time
   */
  claim(key: string, ttlMs: number): MaybePromise<boolean>;
}
