import type { RateLimitPolicy } from '@portlight/rate-limit';
import { countedMs, isLeased } from '@portlight/rate-limit/leases';
import { type Terms, termsOf } from './limits-judge.ts';
import type { Question } from './limits-questions.ts';

/** Beyond, units are asked for one by one. */
const MOST_HOLDINGS = 100_000;
/** Of one sweep. */
const MOST_ENDED = 500;

/** A lease of one key. */
export interface Held {
  readonly number: number;
  /** Units that the process has said to have used. */
  used: number;
  /** When it is given back, on the clock of this process. */
  endsAt: number;
}

/** What one process has of one key: a lease, a question under way for another one, or both. */
export interface Holding {
  readonly redisKey: string;
  readonly key: string;
  lease: Held | undefined;
  question: Question | undefined;
  /** The lease that is asked for is wanted back already. */
  isRecalled: boolean;
}

/** What one process has of the keys of one policy, in the order in which it got it. */
export class LimitsHoldings {
  readonly policy: RateLimitPolicy;
  /** Its number on the line. */
  readonly number: number;
  readonly terms: Terms;
  readonly countedMs: number;
  readonly #holdings: Map<string, Holding> = new Map();

  constructor(policy: RateLimitPolicy, number: number) {
    this.policy = policy;
    this.number = number;
    this.terms = termsOf(policy);
    this.countedMs = countedMs(policy);
  }

  get size(): number {
    return this.#holdings.size;
  }

  get mayGrow(): boolean {
    return isLeased(this.policy) && this.#holdings.size < MOST_HOLDINGS;
  }

  find(redisKey: string): Holding | undefined {
    return this.#holdings.get(redisKey);
  }

  /** That of a key, as the newest. */
  open(redisKey: string, key: string): Holding {
    const holding = this.#holdings.get(redisKey) ?? {
      redisKey,
      key,
      lease: undefined,
      question: undefined,
      isRecalled: false,
    };
    this.#holdings.delete(redisKey);
    this.#holdings.set(redisKey, holding);
    return holding;
  }

  all(): readonly Holding[] {
    return [...this.#holdings.values()];
  }

  /** Drops what is nothing any more. */
  tidy({ redisKey, lease, question }: Holding): void {
    if (lease === undefined && question === undefined) this.#holdings.delete(redisKey);
  }

  /** Those whose leases have ended, the oldest first. */
  ended(now: number): readonly Holding[] {
    const ended: Holding[] = [];
    for (const holding of this.#holdings.values()) {
      if (holding.lease === undefined || holding.question !== undefined) continue;
      if (holding.lease.endsAt > now || ended.length === MOST_ENDED) break;
      ended.push(holding);
    }
    return ended;
  }

  /** Ends all. */
  endAll(): void {
    for (const { lease } of this.#holdings.values()) if (lease !== undefined) lease.endsAt = Number.NEGATIVE_INFINITY;
  }
}
