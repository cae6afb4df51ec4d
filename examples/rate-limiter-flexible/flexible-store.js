import { RateLimiterMemory } from 'rate-limiter-flexible';

/**
 * Counts with rate-limiter-flexible. In place of its memory any limiter of that library serves: Redis, a database, a
 * cluster.
 *
 * It counts in fixed windows that begin with a key's first request, whatever `policy.algorithm` says: up to twice `max`
 * may be admitted in a window.
 *
 * @implements {import('@portlight/rate-limit').RateLimitStore}
 */
export class FlexibleStore {
  /** @type {Map<string, RateLimiterMemory>} @readonly */
  #limiters = new Map();

  /** @param {readonly import('@portlight/rate-limit').RateLimitClaim[]} claims */
  async take(claims) {
    const answers = await Promise.all(claims.map(({ key, policy }) => this.#consume(this.#limiterFor(policy), key)));
    if (answers.every(({ isAllowed }) => isAllowed)) return claims.map((claim, index) => decide(claim, answers[index]));
    // All or none: what was taken for the others is given back.
    const now = await Promise.all(claims.map(({ key, policy }) => this.#limiterFor(policy).reward(key, 1)));
    return claims.map((claim, index) => decide(claim, { isAllowed: answers[index].isAllowed, result: now[index] }));
  }

  /** A denial is a rejection with a result; every other rejection is a failure. */
  async #consume(limiter, key) {
    try {
      return { isAllowed: true, result: await limiter.consume(key) };
    } catch (result) {
      if (result instanceof Error) throw result;
      return { isAllowed: false, result };
    }
  }

  /** A limiter of its own for each policy, with a prefix that tells their keys apart where they share a database. */
  #limiterFor({ name, max, windowMs }) {
    const keyPrefix = JSON.stringify([name, max, windowMs]);
    const limiter =
      this.#limiters.get(keyPrefix) ?? new RateLimiterMemory({ keyPrefix, points: max, duration: windowMs / 1_000 });
    this.#limiters.set(keyPrefix, limiter);
    return limiter;
  }
}

function decide({ policy }, { isAllowed, result: { remainingPoints, msBeforeNext } }) {
  return {
    policy,
    isAllowed,
    remaining: remainingPoints,
    resetSeconds: remainingPoints > 0 ? 0 : Math.ceil(msBeforeNext / 1_000),
  };
}
