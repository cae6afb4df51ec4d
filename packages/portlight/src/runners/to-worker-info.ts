import type { Worker } from '@portlight/prefork';
import { DEFAULTS } from '../defaults.ts';
import type { WorkerInfo } from './worker-info.ts';

/**
 * What a child has said of itself last, and what this process knows. Nothing where it has ended.
 *
 * @param connections where this process knows them
 */
export function toWorkerInfo(
  { id, pid, state, restarts, startedAt, lastReport, reportedAt = performance.now() }: Worker,
  connections: number | undefined,
): readonly WorkerInfo[] {
  if (pid === undefined || state === 'ended') return [];
  const count = (name: string): number => {
    const value = lastReport?.[name];
    return typeof value === 'number' ? value : 0;
  };
  return [
    {
      id,
      pid,
      state,
      connections: connections ?? count('connections'),
      requests: count('requests'),
      memoryBytes: count('memoryBytes'),
      // One that is busy does not report.
      lagMs: Math.max(count('lagMs'), Math.round(performance.now() - reportedAt - DEFAULTS.reportMs)),
      restarts,
      startedAt,
    },
  ];
}
