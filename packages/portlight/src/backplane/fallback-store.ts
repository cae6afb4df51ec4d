import {
  MemoryRateLimitStore,
  type RateLimitClaim,
  type RateLimitDecision,
  type RateLimitStore,
} from '@portlight/rate-limit';
import { DEFAULTS } from '../defaults.ts';
import { inTime } from '../in-time.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import { notNow } from './not-now.ts';
import type { Outage } from './outage.ts';
import type { SharedState } from './shared-state.ts';

type Decisions = readonly RateLimitDecision[];

/** What becomes of requests that cannot be counted where all processes count them. */
export type OnStoreError = 'local' | 'allow' | 'deny';

const SENTENCES: Readonly<Record<OnStoreError, string>> = {
  local: 'Rate limits cannot be counted together with others; this process counts for itself meanwhile.',
  allow: 'Rate limits cannot be counted; every request passes meanwhile.',
  deny: 'Rate limits cannot be counted; requests that have one are answered 503 meanwhile.',
};

/**
 * The counts that processes share, and what stands in for them while they cannot be had: a store that throws, rejects,
 * answers something else or too late never fails a request by it.
 *
 * After an answer that was too late, or a rejection that took its time, nobody waits for the next ones: one request a
 * second asks, and has its answer from what stands in.
 */
export class FallbackStore implements RateLimitStore {
  readonly #shared: SharedState;
  readonly #modeOf: () => OnStoreError;
  readonly #outage: Outage;
  #local: MemoryRateLimitStore | undefined;
  /** When a store that answers or rejects too late is asked next, on the clock of `performance`. */
  #nextProbeAt: number | undefined;

  constructor(shared: SharedState, modeOf: () => OnStoreError) {
    this.#shared = shared;
    this.#modeOf = modeOf;
    this.#outage = shared.outage(() => SENTENCES[modeOf()]);
  }

  /**
   * @returns no decisions where nothing is counted and all may pass
   * @throws {ServiceUnavailableError} where nothing may pass that is not counted
   */
  take(claims: readonly RateLimitClaim[]): Decisions | Promise<Decisions> {
    const mayWait = this.#nextProbeAt === undefined;
    if (!mayWait && performance.now() < (this.#nextProbeAt as number)) return this.#standIn(claims);
    let asked: unknown;
    try {
      asked = this.#shared.limits.take(claims);
      if (!isPromiseLike(asked)) return this.#accept(asked, claims);
    } catch (error) {
      this.#outage.begin(error);
      return this.#standIn(claims);
    }
    const answer = Promise.resolve(asked).then((decisions) => this.#accept(decisions, claims));
    if (mayWait) return this.#await(answer, claims);
    this.#nextProbeAt = performance.now() + DEFAULTS.storeProbeMs;
    answer.catch((error: unknown) => this.#outage.begin(error));
    return this.#standIn(claims);
  }

  async #await(answer: Promise<Decisions>, claims: readonly RateLimitClaim[]): Promise<Decisions> {
    const askedAt = performance.now();
    try {
      return await inTime(answer, DEFAULTS.storeTimeoutMs, () => this.#noteLateness());
    } catch (error) {
      if (performance.now() - askedAt >= DEFAULTS.storeSlowMs) this.#probeLater();
      this.#outage.begin(error);
      return this.#standIn(claims);
    }
  }

  #probeLater(): void {
    this.#nextProbeAt ??= performance.now() + DEFAULTS.storeProbeMs;
  }

  #noteLateness(): Error {
    this.#probeLater();
    return new Error(`The store of rate limits did not answer within ${DEFAULTS.storeTimeoutMs} ms.`);
  }

  /** An answer of the store, also one that comes too late: from then on it is asked again. @throws on anything else */
  #accept(decisions: unknown, claims: readonly RateLimitClaim[]): Decisions {
    const sound = readDecisions(decisions, claims);
    this.#nextProbeAt = undefined;
    this.#outage.end();
    return sound;
  }

  #standIn(claims: readonly RateLimitClaim[]): Decisions {
    const mode = this.#modeOf();
    if (mode === 'allow') return [];
    if (mode === 'local') return (this.#local ??= new MemoryRateLimitStore()).take(claims);
    throw notNow('Requests cannot be counted at the moment.');
  }
}

/**
 * What an answer says of each claim; which policy that was the claim knows best. @throws {TypeError} where it says
 * nothing, or what cannot be
 */
function readDecisions(answer: unknown, claims: readonly RateLimitClaim[]): Decisions {
  const decisions: readonly unknown[] = Array.isArray(answer) ? answer : [];
  return claims.map(({ policy }, index) => {
    const { isAllowed, remaining, resetSeconds } = (decisions[index] ?? {}) as Partial<RateLimitDecision>;
    if (
      typeof isAllowed !== 'boolean' ||
      !isCount(remaining) ||
      !isCount(resetSeconds) ||
      decisions.length !== claims.length
    )
      throw new TypeError('The store of rate limits did not give a decision for each claim.');
    return { policy, isAllowed, remaining, resetSeconds };
  });
}

/** A whole number that a field may hold (RFC 9651 §3.3.1). */
function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 1e15;
}
