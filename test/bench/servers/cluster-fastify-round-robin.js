import { inCluster } from '../in-cluster.js';

await inCluster('round-robin', () => import('./fastify.js'));
