// What is asked, of whom, and what the answer must be before anything is measured.
import { HELLO } from './app.js';

const EVERYBODY = ['portlight', 'fastify', 'hono', 'h3', 'polka', 'koa', 'express'];
/** The quickest of the peers, and the best known. */
const PEERS = ['portlight', 'fastify', 'hono', 'h3', 'polka'];
const CONTENDERS = ['node-net', 'portlight', 'fastify', 'hono'];
const CLUSTERS = ['node-http', 'fastify'].flatMap((name) =>
  ['round-robin', 'shared'].map((policy) => `cluster-${name}-${policy}`),
);
const PERSON = JSON.stringify({ name: 'Grace', age: 41 });

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {readonly string[]} servers beside the baseline; with an extension where they are no JavaScript
 * @property {string} path
 * @property {'GET' | 'POST'} [method]
 * @property {string} [body]
 * @property {Readonly<Record<string, string>>} [headers] a value `*` is another key with each request, of a thousand
 * @property {number} [pipelined] requests sent at once on a connection
 * @property {number} [connections] @default 64
 * @property {'ab'} [program] what makes the load, in place of wrk or autocannon
 * @property {number} status
 * @property {string} [answer]
 */

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  { name: 'hello', servers: ['node-net', ...EVERYBODY], path: '/', status: 200, answer: HELLO },
  { name: 'param among 50 routes', servers: PEERS, path: '/users/42', status: 200, answer: '{"id":"42","name":"Ada"}' },
  {
    name: 'JSON POST, validated',
    servers: PEERS,
    path: '/people',
    method: 'POST',
    body: PERSON,
    headers: { 'content-type': 'application/json' },
    status: 200,
    answer: '{"name":"Grace","next":42}',
  },
  { name: '404', servers: PEERS, path: '/nowhere', status: 404 },
  {
    name: 'guards on',
    servers: ['portlight', 'portlight-observed', 'portlight-limited', 'portlight-guarded'],
    path: '/',
    status: 200,
    answer: HELLO,
  },
  {
    name: 'pipelined, 16 deep',
    servers: CONTENDERS.filter((name) => name !== 'node-net'),
    path: '/',
    pipelined: 16,
    status: 200,
    answer: HELLO,
  },
  {
    name: 'ab, HTTP/1.0',
    program: 'ab',
    servers: ['node-net-close', 'portlight', 'fastify', 'hono', 'php-select.php'],
    path: '/',
    status: 200,
    answer: HELLO,
  },
  {
    name: 'Connection: close',
    servers: CONTENDERS.filter((name) => name !== 'node-net'),
    path: '/',
    headers: { connection: 'close' },
    status: 200,
    answer: HELLO,
  },
  {
    name: 'two processes on the same core',
    servers: ['portlight', 'portlight-workers', ...CLUSTERS],
    path: '/',
    status: 200,
    answer: HELLO,
  },
  {
    name: 'two processes on the same core, Connection: close',
    servers: ['portlight', 'portlight-workers', ...CLUSTERS],
    path: '/',
    headers: { connection: 'close' },
    status: 200,
    answer: HELLO,
  },
  {
    name: 'two processes on the same core, one rate limit of 1,000',
    servers: ['portlight-limited-by-key', 'portlight-workers-limited'],
    path: '/',
    headers: { 'x-key': '*' },
    status: 200,
    answer: HELLO,
  },
];
