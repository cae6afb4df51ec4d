import { inCluster } from '../in-cluster.js';

await inCluster('shared', () => import('./node-http.js'));
