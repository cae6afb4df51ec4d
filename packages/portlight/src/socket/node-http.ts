/**
 * Node's HTTP, not by an import: for one, Node reads every member of it, and on Node 24 that loads its WebSocket client
 * and `fetch`, which takes about 50 ms of the start.
 */
export const nodeHttp: typeof import('node:http') = process.getBuiltinModule('node:http');
