import { addressKey, formatRateLimit, type RateLimitClaim, type RateLimitDecision, type RateLimitStore } from '@portlight/rate-limit';
import { TooManyRequestsError } from '../errors/http-error.ts';
import { withoutStack } from '../errors/without-stack.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { Guard, Verdict } from './guard.ts';
import type { RateLimit } from './rate-limit.ts';

const PASSED: Verdict = {};

/** Counts requests, and refuses those over a limit with 429. Where one of several limits refuses, none counts. */
export function guardRate(limits: readonly RateLimit[], store: RateLimitStore): Guard {
  return (request) => {
    const claims: RateLimitClaim[] = [];
    for (const limit of limits) {
      if (limit.skip?.(request) !== true) claims.push({ key: limit.prefix + keyOf(limit, request), policy: limit.policy });
    }
    if (claims.length === 0) return PASSED;
    const decisions = store.take(claims);
    return decisions instanceof Promise ? decisions.then(judge) : judge(decisions);
  };
}

function keyOf({ key }: RateLimit, request: HttpRequest): string {
  const chosen: unknown = key?.(request);
  return typeof chosen === 'string' && chosen !== '' ? `key ${chosen}` : addressKey(request.ip);
}

function judge(decisions: readonly RateLimitDecision[]): Verdict {
  const fields = { ...formatRateLimit(decisions) };
  const refusal = decisions.every(({ isAllowed }) => isAllowed) ? undefined : withoutStack(() => new TooManyRequestsError('This client has sent too many requests.'));
  return { fields, refusal };
}
