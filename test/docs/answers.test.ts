// The table "which answer passes what" of the guide, as an app shows it.
import { HttpResponse, HttpServer } from 'portlight';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { MarkdownPage } from './markdown-page.ts';

const HANDSHAKE = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version: 13',
];
const PREFLIGHT = ['origin: https://app.example', 'access-control-request-method: PUT'];

/** Each answer by its name in the table, and what a client sends for it. */
const ANSWERS: readonly (readonly [answer: string, sends: string])[] = [
  ['of a handler', get('/')],
  ['of a middleware', get('/shut')],
  ['an error of a handler, a schema or a body', get('/broken')],
  ['503 of a deadline', get('/slow')],
  ['404', get('/nowhere')],
  ['405', request('PUT', '/')],
  ['an automatic `OPTIONS`', request('OPTIONS', '/')],
  ['a CORS preflight', request('OPTIONS', '/', PREFLIGHT)],
  ['429 and 403 of guards', get('/limited')],
  ['101, an open WebSocket', get('/chat', ...HANDSHAKE)],
  ['a refused handshake', get('/chat', ...HANDSHAKE, 'origin: https://evil.example')],
  ['an open event stream', get('/feed', 'accept: text/event-stream')],
  ['a refused target (400)', get('/a/../b')],
  ['what is no HTTP (400, 408, 431)', 'nonsense\r\n\r\n'],
];

const STATIONS = ['rate limits', 'middleware', 'error handlers', '`setHeader`', '`onResponse`', '`onFinish`'];

const passed = new Set<string>();
const server = new HttpServer('127.0.0.1', 0)
  .debug(false)
  .setRateLimit(1_000, 60)
  .setHeader('x-default', 'yes')
  .use(async (asked, next) => {
    passed.add('middleware');
    return asked.path === '/shut' ? HttpResponse.problem(401) : next();
  })
  .error((error) => {
    passed.add('error handlers');
    return HttpResponse.problem(error);
  })
  .onResponse(() => void passed.add('`onResponse`'))
  .onFinish(() => void passed.add('`onFinish`'))
  .get('/', () => 'Hello')
  .get('/broken', () => {
    throw new Error('broken');
  })
  .get('/slow', { handlerTimeoutMs: 1 }, () => new Promise(() => {}))
  .get('/limited', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'Hello')
  .accept('/chat', () => undefined)
  .events('/feed', () => undefined);

beforeAll(() => server.start());
afterAll(() => server.shutdown({ timeoutMs: 0 }));

async function stationsOf(sends: string): Promise<ReadonlySet<string>> {
  passed.clear();
  const client = await RawClient.open(server.getAddress().port);
  client.send(sends);
  await client.until(() => client.received.includes('\r\n\r\n'), 'a head');
  await client[Symbol.asyncDispose]();
  await expect.poll(() => passed.has('`onFinish`')).toBe(true);
  if (/^ratelimit:/m.test(client.received)) passed.add('rate limits');
  if (/^x-default: yes/m.test(client.received)) passed.add('`setHeader`');
  return new Set(passed);
}

test('the guide says which answer passes what', async () => {
  // What is refused is the second.
  await stationsOf(get('/limited'));
  const rows: string[][] = [];
  for (const [answer, sends] of ANSWERS) {
    const stations = await stationsOf(sends);
    rows.push([answer, ...STATIONS.map((station) => (stations.has(station) ? 'yes' : '–'))]);
  }
  const table = [['answer', ...STATIONS], ['answer', ...STATIONS].map(() => '---'), ...rows];
  const page = new MarkdownPage('docs/guide/middleware-and-errors.md').text;
  expect(page).toContain(table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
});
