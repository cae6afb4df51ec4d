/** How the units of a policy come back. Each file in `algorithms/` says what it promises. */
export type RateLimitAlgorithm = 'sliding-window' | 'token-bucket';

/**
 * How much one key may take in which time. Plain data: policies with equal fields are the same policy to every store,
 * in every process. Made by `createPolicy`, which checks it; stores do not check it again.
 */
export interface RateLimitPolicy {
  /** What the header fields call it: 1 to 64 characters of printable ASCII. */
  readonly name: string;
  /** Units for each key, 1 to 1,000,000,000. */
  readonly max: number;
  /** The time they are for, in ms: whole seconds up to 31 days. */
  readonly windowMs: number;
  readonly algorithm: RateLimitAlgorithm;
}
