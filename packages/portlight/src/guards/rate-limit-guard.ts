import {
  addressKey,
  formatRateLimit,
  type RateLimitClaim,
  type RateLimitDecision,
  type RateLimitStore,
} from '@portlight/rate-limit';
import { patienceOf } from '../backplane/patience.ts';
import { TooManyRequestsError } from '../errors/http-error.ts';
import { notAtOnce, toText } from '../request/to-text.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
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
      if (!isSkipped(limit, request)) claims.push({ key: limit.prefix + keyOf(limit, request), policy: limit.policy });
    }
    if (claims.length === 0) return PASSED;
    const decisions = store.take(claims);
    return decisions instanceof Promise ? patienceOf(request).watch(decisions).then(judge) : judge(decisions);
  };
}

/** The address that came last, and its key: a busy client comes again. */
let lastAddress = '';
let lastKey = '';

function keyOfAddress(address: string): string {
  if (address !== lastAddress) {
    lastKey = addressKey(address);
    lastAddress = address;
  }
  return lastKey;
}

function keyOf({ key }: RateLimit, request: HttpRequest): string {
  const chosen: unknown = key?.(request);
  if (chosen === undefined || chosen === null || chosen === '') return keyOfAddress(request.ip);
  return `key ${toText(chosen, 'key of a rate limit')}`;
}

function isSkipped({ skip }: RateLimit, request: HttpRequest): boolean {
  const isSkipped: unknown = skip?.(request);
  if (isPromiseLike(isSkipped)) throw notAtOnce(isSkipped, 'skip of a rate limit');
  return Boolean(isSkipped);
}

/** Without decisions, nothing was counted. */
function judge(decisions: readonly RateLimitDecision[]): Verdict {
  if (decisions.length === 0) return PASSED;
  const { 'retry-after': seconds, ...fields } = formatRateLimit(decisions);
  if (seconds === undefined) return { fields };
  return {
    fields,
    refusal: withoutStack(
      () =>
        new TooManyRequestsError('This client has sent too many requests.', { headers: { 'retry-after': seconds } }),
    ),
  };
}
