import type { RateLimitPolicy } from './rate-limit-policy.ts';

/** One unit of one policy, for one key. */
export interface RateLimitClaim {
  /** Who it is counted for. Any text; equal texts are one key within a policy. */
  readonly key: string;
  readonly policy: RateLimitPolicy;
}

/** What became of a claim. */
export interface RateLimitDecision {
  readonly policy: RateLimitPolicy;
  /** Whether this policy admits the claim. What was claimed together is admitted when every policy admits it. */
  readonly isAllowed: boolean;
  /** How many more this policy admits for the key at once, after this claim. */
  readonly remaining: number;
  /** The smallest whole number of seconds after which this policy admits one more for the key; 0 where it does now. */
  readonly resetSeconds: number;
}

/** Where the counts are kept: in this process, in another one, on another machine. */
export interface RateLimitStore {
  /**
   * Takes one unit of each claim, or of none: what one policy denies is not counted by the others either.
   * A key that is claimed twice under one policy counts once.
   *
   * @returns a decision for each claim, in their order
   */
  take(claims: readonly RateLimitClaim[]): readonly RateLimitDecision[] | Promise<readonly RateLimitDecision[]>;
  /** Ends timers and connections, if the store has any. */
  close?(): void | Promise<void>;
}
