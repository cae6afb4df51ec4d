// A handler that blocks its process for two seconds, in processes of node:cluster.
import { createServer } from 'node:http';
import { block, HELLO, port } from '../app.js';
import { inCluster } from '../in-cluster.js';

await inCluster(process.env.POLICY, () =>
  createServer((request, response) => {
    if (request.url === '/block') block();
    response.end(HELLO);
  }).listen(port, '127.0.0.1'),
);
