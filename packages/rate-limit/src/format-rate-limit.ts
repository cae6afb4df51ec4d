import type { RateLimitDecision } from './rate-limit-store.ts';

/** Fields of a response, by their names in lower case. */
export interface RateLimitFields {
  readonly 'ratelimit-policy': string;
  readonly ratelimit: string;
  /** Only where a policy denied. */
  readonly 'retry-after'?: string;
}

/**
 * The header fields that tell a client how it stands (draft-ietf-httpapi-ratelimit-headers-11): `RateLimit-Policy`,
 * `"default";q=100;w=60`, and `RateLimit`, `"default";r=50;t=30`, a list item for each decision.
 *
 * `t` is `resetSeconds`. `Retry-After` is the longest `resetSeconds` of the policies that denied, at least 1: after it,
 * all admit.
 *
 * @param decisions what a store answered, at least one
 */
export function formatRateLimit(decisions: readonly RateLimitDecision[]): RateLimitFields {
  let policies = '';
  let limits = '';
  let retrySeconds = 0;
  for (const { policy, isAllowed, remaining, resetSeconds } of decisions) {
    const name = quote(policy.name);
    const comma = limits === '' ? '' : ', ';
    policies += `${comma}${name};q=${policy.max};w=${policy.windowMs / 1_000}`;
    limits += `${comma}${name};r=${remaining};t=${resetSeconds}`;
    if (!isAllowed) retrySeconds = Math.max(retrySeconds, resetSeconds, 1);
  }
  const fields = { 'ratelimit-policy': policies, ratelimit: limits };
  return retrySeconds === 0 ? fields : { ...fields, 'retry-after': String(retrySeconds) };
}

/** As RFC 9651 §4.1.6 writes a String. */
function quote(name: string): string {
  return `"${name.includes('"') || name.includes('\\') ? name.replaceAll(/["\\]/g, '\\$&') : name}"`;
}
