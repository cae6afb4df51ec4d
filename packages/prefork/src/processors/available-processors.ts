import { availableParallelism } from 'node:os';
import { cgroupQuota } from './cgroup-quota.ts';

/**
 * How many processors this process may keep busy: what the quotas of its cgroups allow, in whole processors, at least 1
 * and at most what the system gives it. A container with a share of a large machine has few, whatever the machine has.
 */
export function availableProcessors(): number {
  return Math.max(1, Math.floor(Math.min(availableParallelism(), cgroupQuota('/'))));
}
