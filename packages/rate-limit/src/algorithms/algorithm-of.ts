import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { Algorithm } from './algorithm.ts';
import { slidingWindow } from './sliding-window.ts';
import { tokenBucket } from './token-bucket.ts';

/** How a policy counts where one process counts all. */
export function algorithmOf({ algorithm }: RateLimitPolicy): Algorithm {
  return algorithm === 'token-bucket' ? tokenBucket : slidingWindow;
}
