// A server of the bench in processes of node:cluster, as its documentation has it.
import cluster from 'node:cluster';
import { PROCESSES } from './app.js';

const POLICIES = { 'round-robin': cluster.SCHED_RR, shared: cluster.SCHED_NONE };

/**
 * @param {'round-robin' | 'shared'} policy whether the primary accepts and deals out, or each process accepts for
 *   itself
 * @param {() => Promise<unknown>} serve
 */
export async function inCluster(policy, serve) {
  cluster.schedulingPolicy = POLICIES[policy];
  if (cluster.isWorker) await serve();
  else for (let count = 0; count < PROCESSES; count += 1) cluster.fork();
}
