import type { RateLimitClaim, RateLimitStore } from '@portlight/rate-limit';
import { answerCalls } from './answer-calls.ts';
import type { Line } from './line.ts';

/** Answers what one child asks of the counts of the primary. */
export function serveLimits(line: Line, limits: RateLimitStore): void {
  answerCalls(line, 'limits.take', (claims: readonly RateLimitClaim[]) => limits.take(claims));
}
