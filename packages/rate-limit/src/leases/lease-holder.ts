import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { LeaseLine } from './lease-line.ts';

/** A process that may hold leases, where they are granted. */
export interface LeaseHolder {
  readonly line: LeaseLine;
  /** In the order in which it named them. */
  readonly policies: RateLimitPolicy[];
  /** It has not answered a recall in time, and has said nothing since. It is asked nothing until it does. */
  isSilent: boolean;
}
