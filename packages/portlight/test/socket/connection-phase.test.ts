import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/index.ts';
import { type ConnectionPhase, mayFollow } from '../../src/socket/connection-phase.ts';
import { deferred } from '../support/deferred.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

const PHASES: readonly ConnectionPhase[] = ['open', 'last', 'closing', 'refused', 'ending'];
const CHUNKED = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
const SPLIT = ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc', 'def'] as const;

describe('the phases of a connection', () => {
  test('lead on to the end and never back', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PHASES)), (wishes) => {
        const seen: ConnectionPhase[] = ['open'];
        for (const wish of wishes) if (mayFollow(seen.at(-1) as ConnectionPhase, wish)) seen.push(wish);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.at(-1) === 'ending' || mayFollow(seen.at(-1) as ConnectionPhase, 'ending')).toBe(true);
      }),
    );
  });

  test('know no refusal behind the last request', () => {
    expect(PHASES.filter((phase) => mayFollow(phase, 'refused'))).toEqual(['open', 'last']);
  });
});

describe('a stop', () => {
  test.each([
    ['a plain request', get('/')],
    ['a body in chunks', CHUNKED],
    ['a request with Expect', 'POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\nabc'],
    ['a tab in a field', 'GET / HTTP/1.1\r\nhost: a\r\nx: a\tb\r\n\r\n'],
  ])('still answers %s that had come before it began', async (_, bytes) => {
    await using open = await openServer((app) =>
      app.get('/', () => 'served').post('/', async (request) => `served ${await request.text()}`),
    );
    await using client = await RawClient.open(open.port);
    await client.send(get('/')).response();
    client.send(bytes);
    const report = await open.server.shutdown();
    await client.ended();
    const last = client.received.slice(client.received.lastIndexOf('HTTP/1.1 2'));
    expect(last).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*connection: close\r\n(?:.*\r\n)*\r\nserved/i);
    expect(report).toMatchObject({ forced: 0 });
  });

  test('still answers a request whose other half comes while it lasts', async () => {
    await using open = await openServer((app) => app.post('/', async (request) => `served ${await request.text()}`));
    await using client = await RawClient.open(open.port);
    client.send(SPLIT[0]);
    const stopping = open.server.shutdown();
    await expect.poll(() => open.server.isConnected()).toBe(false);
    client.send(SPLIT[1]);
    expect((await client.response()).body).toBe('served abcdef');
    expect(await stopping).toMatchObject({ forced: 0 });
  });
});

test('nothing follows a response that ends with the connection, not even the answer to what came behind it', async () => {
  const [gate, begun] = [deferred(), deferred()];
  await using open = await openServer((app) =>
    app.get('/', async function* () {
      begun.resolve();
      await gate.promise;
      yield 'all of it';
    }),
  );
  await using client = await RawClient.open(open.port);
  client.send('GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n');
  await begun.promise;
  client.send('no request at all\r\n\r\n');
  await new Promise(setImmediate);
  gate.resolve();
  await client.ended();
  expect(client.received.slice(client.received.indexOf('\r\n\r\n'))).toBe('\r\n\r\nall of it');
});

test('a refusal that has no body by its status is sent without the one that an error handler gives it', async () => {
  await using open = await openServer((app) =>
    app.get('/', () => 'x').error(() => new HttpResponse('a body', { status: 204 })),
  );
  await using client = await RawClient.open(open.port);
  client.send('no request at all\r\n\r\n');
  await client.ended();
  expect(client.received).toMatch(/^HTTP\/1\.1 204 No Content\r\n(?:.+\r\n)+\r\n$/);
});
