import { createPolicy, type KeyState, type RateLimitPolicy, slidingWindow } from '@portlight/rate-limit';

let latest: RateLimitPolicy | undefined;

/** How many messages one client may send: never more than the limit in any second, wherever that begins. */
export class MessageRate {
  readonly #policy: RateLimitPolicy;
  #state: KeyState | undefined;

  constructor(perSecond: number) {
    // The channels of a server have one limit.
    if (latest?.max !== perSecond) latest = createPolicy({ name: 'messages', max: perSecond, windowSeconds: 1 });
    this.#policy = latest;
  }

  /**
   * Counts a message, if it is within the limit.
   *
   * @param now in ms, of a clock that only goes on
   * @returns whether it is
   */
  take(now: number): boolean {
    if (slidingWindow.remaining(this.#state, this.#policy, now) < 1) return false;
    this.#state = slidingWindow.count(this.#state, this.#policy, now);
    return true;
  }
}
