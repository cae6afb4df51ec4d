import type { RateLimitClaim, RateLimitDecision, RateLimitStore } from '@portlight/rate-limit';
import type { Line } from './line.ts';

type Decisions = readonly RateLimitDecision[];

/** The counts of rate limits as a child has them: the primary is asked for each request. */
export class ChildRateLimitStore implements RateLimitStore {
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  async take(claims: readonly RateLimitClaim[]): Promise<Decisions> {
    return (await this.#line.call('limits.take', claims)).data as Decisions;
  }
}
