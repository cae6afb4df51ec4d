import * as fc from 'fast-check';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openEdge } from '../support/open-edge.ts';
import { get, RawClient } from '../support/raw-client.ts';
import { WatchedAdmission } from '../support/watched-admission.ts';
import type { TestRouter } from '../support/test-router.ts';

const HANDSHAKE = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version: 13',
];
const EVENTS = 'accept: text/event-stream';

const broken = (): never => {
  throw new Error('broken');
};
const never = (): Promise<never> => new Promise(() => {});

/** Each way in which an upgrade or an event stream may come to something, or to nothing. */
function register(app: TestRouter): void {
  app
    .accept('/open', (message) => message)
    .accept('/closes', { open: (channel) => channel.close() })
    .accept('/refuses', { upgrade: () => HttpResponse.text('no', { status: 401 }) })
    .accept('/throws', { upgrade: broken })
    .accept('/odd', { upgrade: () => 'neither' })
    .accept('/slow', { upgrade: () => delay(5) })
    .accept('/slow-throws', { upgrade: () => delay(5).then(broken) })
    .accept('/late', { handlerTimeoutMs: 10 }, { upgrade: never })
    .accept('/late-yes', { handlerTimeoutMs: 10 }, { upgrade: () => delay(20) })
    .accept('/limited', { rateLimit: { max: 1, windowSeconds: 60 } }, () => undefined)
    .accept('/stopped', { use: [() => HttpResponse.text('no', { status: 403 })] }, () => undefined)
    .accept('/broken', { use: [broken] }, () => undefined)
    .accept('/swapped', { use: [async (_, next) => (await next()) && HttpResponse.text('other')] }, () => undefined)
    .accept('/never-next', { use: [never], handlerTimeoutMs: 10 }, () => undefined)
    .events('/open', () => undefined)
    .events('/closes', (stream) => stream.close())
    .events('/throws', broken)
    .events('/refuses', () => HttpResponse.text('no', { status: 401 }))
    .events('/slow-throws', () => delay(5).then(broken))
    .events('/slow', { use: [async (_, next) => delay(5).then(next)] }, () => undefined)
    .events('/late', { use: [async (_, next) => delay(20).then(next)], handlerTimeoutMs: 10 }, () => undefined)
    .events('/swapped', { use: [async (_, next) => (await next()) && HttpResponse.text('other')] }, () => undefined)
    .events('/ends', async function* () {
      yield { data: '1' };
    });
}

const UPGRADES = [
  '/open',
  '/closes',
  '/refuses',
  '/throws',
  '/odd',
  '/slow',
  '/slow-throws',
  '/late',
  '/late-yes',
  '/limited',
  '/stopped',
  '/broken',
  '/swapped',
  '/never-next',
].map((path) => get(path, ...HANDSHAKE));
const BAD_UPGRADES = [
  get('/open', ...HANDSHAKE.slice(0, 3)),
  get('/open', ...HANDSHAKE, 'origin: https://evil.example'),
  get('/open', ...HANDSHAKE, 'sec-websocket-protocol: a,,b'),
];
const STREAMS = [
  '/open',
  '/closes',
  '/throws',
  '/refuses',
  '/slow-throws',
  '/slow',
  '/late',
  '/swapped',
  '/ends',
  `/open?${'a&'.repeat(1_100)}`,
].map((path) => get(path, EVENTS));

interface Visit {
  readonly bytes: string;
  /** What the client does: waits for an answer, or goes away before. */
  readonly leaves: 'answered' | 'reset' | 'fin' | 'reset soon';
}

async function play(port: number, { bytes, leaves }: Visit): Promise<void> {
  const client = await RawClient.open(port);
  client.send(bytes);
  if (leaves === 'reset soon') await delay(3);
  if (leaves.startsWith('reset')) client.reset();
  else if (leaves === 'fin') client.sendFin();
  if (!leaves.startsWith('reset'))
    await client.until(() => client.isClosed || client.hasEnded || client.received.includes('\r\n\r\n'), 'an answer');
  await client[Symbol.asyncDispose]();
}

const visits = fc.array(
  fc.record({
    bytes: fc.constantFrom(...UPGRADES, ...BAD_UPGRADES, ...STREAMS),
    leaves: fc.constantFrom('answered', 'reset', 'fin', 'reset soon'),
  }) satisfies fc.Arbitrary<Visit>,
  { minLength: 1, maxLength: 12 },
);

describe.each([
  ['at once', undefined],
  ['a turn later', () => Promise.resolve()],
  ['after a while', () => delay(4)],
])('a seat that is given %s', (_, wait) => {
  test('is given back once, whatever becomes of the channel', { timeout: 60_000 }, async () => {
    const admission = new WatchedAdmission(wait);
    await using open = await openEdge(register, { channelAdmission: admission });
    await fc.assert(
      fc.asyncProperty(visits, async (several) => {
        await Promise.all(several.map((visit) => play(open.port, visit)));
        await expect.poll(() => admission.sitting).toBe(0);
        await expect.poll(() => open.registry.count).toBe(0);
      }),
      { numRuns: 12 },
    );
    expect(admission.given).toBeGreaterThan(5);
  });

  test('is free again when the server stops', async () => {
    const admission = new WatchedAdmission(wait);
    await using open = await openEdge(register, { channelAdmission: admission });
    const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.open(open.port)));
    for (const [index, client] of clients.entries())
      client.send(index % 2 === 0 ? get('/open', ...HANDSHAKE) : get('/open', EVENTS));
    await expect.poll(() => admission.sitting).toBe(6);
    open.registry.stop();
    for (const client of clients) client.sendFin();
    await expect.poll(() => admission.sitting).toBe(0);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });
});

describe.each([
  ['/open', HANDSHAKE],
  ['/open', [EVENTS]],
] as const)('limits of channels hold while a seat is looked for: %s %s', (path, fields) => {
  test.each([
    ['of all', 2, 9, 503],
    ['of an address', 9, 2, 429],
  ])('%s', async (_, max, maxPerAddress, status) => {
    const gate = deferred();
    const admission = new WatchedAdmission(() => gate.promise, max, maxPerAddress);
    await using open = await openEdge(register, { channelAdmission: admission });
    const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(open.port)));
    for (const client of clients) client.send(get(path, ...fields));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    gate.resolve();
    for (const client of clients) await client.until(() => client.received.includes('\r\n\r\n'), 'an answer');
    const statuses = clients.map(({ received }) => Number(received.slice(9, 12)));
    expect(statuses.filter((each) => each === status)).toHaveLength(3);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expect.poll(() => admission.sitting).toBe(0);
  });
});

test('a refused handshake holds no seat while its client reads the refusal', async () => {
  const admission = new WatchedAdmission(undefined, 1);
  await using open = await openEdge(register, { channelAdmission: admission });
  await using slow = await RawClient.open(open.port);
  await slow.send(get('/refuses', ...HANDSHAKE)).until(() => slow.received.includes('\r\n\r\n'), 'the refusal');
  await using next = await RawClient.open(open.port);
  await next.send(get('/open', ...HANDSHAKE)).until(() => next.received.includes('\r\n\r\n'), 'an answer');
  expect(next.received).toMatch(/^HTTP\/1\.1 101 /);
});
