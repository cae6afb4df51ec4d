export type { Algorithm, KeyState } from './algorithms/algorithm.ts';
export { slidingWindow } from './algorithms/sliding-window.ts';
export { addressKey } from './address-key.ts';
export { createPolicy, type PolicyOptions } from './create-policy.ts';
export { formatRateLimit, type RateLimitFields } from './format-rate-limit.ts';
export { MemoryRateLimitStore, type MemoryRateLimitStoreOptions } from './memory/memory-rate-limit-store.ts';
export type { RateLimitAlgorithm, RateLimitPolicy } from './rate-limit-policy.ts';
export type { RateLimitClaim, RateLimitDecision, RateLimitStore } from './rate-limit-store.ts';
