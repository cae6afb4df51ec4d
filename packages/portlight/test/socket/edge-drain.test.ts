import { describe, expect, test } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { openEdge, type OpenEdge } from '../support/open-edge.ts';
import { get, RawClient } from '../support/raw-client.ts';
import type { TestRouter } from '../support/test-router.ts';

const HANDSHAKE = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version: 13',
];

/** A gate that handlers wait at, and how many do. */
class Handlers {
  readonly gate: ReturnType<typeof deferred<void>> = deferred();
  begun = 0;

  readonly register = (app: TestRouter): unknown =>
    app
      .get('/', () => 'x')
      .post('/', async (request) => `got ${await request.text()}`)
      .get('/slow', async () => {
        this.begun += 1;
        await this.gate.promise;
        return 'slow';
      })
      .accept('/ws', (message) => message)
      .events('/feed', () => undefined);
}

async function answered(open: OpenEdge): Promise<RawClient> {
  const client = await RawClient.open(open.port);
  await client.send(get('/')).response();
  return client;
}

const connectionOf = async (client: RawClient, count: number): Promise<string | null | undefined> =>
  (await client.responses(count)).at(-1)?.headers.get('connection');

describe('a drain that lets idle connections have one more answer', () => {
  test('answers the next request of each, says that it was the last, and closes', async () => {
    await using open = await openEdge(new Handlers().register);
    const clients = await Promise.all([answered(open), answered(open), RawClient.open(open.port)]);
    await expect.poll(() => open.edge.connectionCount).toBe(3);
    const draining = open.edge.drain({ idle: 'after-response' });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(clients.map(({ hasEnded }) => hasEnded)).toEqual([false, false, false]);
    const [first, second, silent] = clients;
    first.send(get('/'));
    second.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n');
    silent.send(get('/'));
    expect(await Promise.all([connectionOf(first, 2), connectionOf(second, 2), connectionOf(silent, 1)])).toEqual([
      'close',
      'close',
      'close',
    ]);
    await draining;
    for (const client of clients) await client.ended();
    expect(open.edge.cutCount).toBe(0);
  });

  test(
    'closes who stays silent, without a word, and who had never said anything too',
    { timeout: 20_000 },
    async () => {
      await using open = await openEdge(new Handlers().register);
      await using idle = await answered(open);
      await using silent = await RawClient.open(open.port);
      await expect.poll(() => open.edge.connectionCount).toBe(2);
      const { length } = idle.received;
      await open.edge.drain({ idle: 'after-response' });
      await Promise.all([idle.ended(), silent.ended()]);
      expect([idle.received.length, silent.received, idle.errorCode, silent.errorCode]).toEqual([
        length,
        '',
        undefined,
        undefined,
      ]);
    },
  );

  test('lets what is under way end, and half a head and half a body come', async () => {
    const handlers = new Handlers();
    await using open = await openEdge(handlers.register);
    await using busy = await RawClient.open(open.port);
    busy.send(get('/slow'));
    await using head = await answered(open);
    head.send('GET / HTTP/1.1\r\nho');
    await using body = await answered(open);
    body.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\na');
    await expect.poll(() => handlers.begun).toBe(1);
    const draining = open.edge.drain({ idle: 'after-response' });
    head.send('st: a\r\n\r\n');
    body.send('b');
    handlers.gate.resolve();
    expect(await Promise.all([connectionOf(busy, 1), connectionOf(head, 2), connectionOf(body, 2)])).toEqual([
      'close',
      'close',
      'close',
    ]);
    await draining;
    expect((await body.responses(2)).at(-1)?.body).toBe('got ab');
  });

  test('lets a response that had begun without saying so be followed by one more', async () => {
    const gate = deferred();
    await using open = await openEdge((app) =>
      app
        .get('/', () => 'x')
        .get('/stream', async function* () {
          yield 'a';
          await gate.promise;
          yield 'b';
        }),
    );
    await using client = await RawClient.open(open.port);
    await client.send(get('/stream')).until(() => client.received.includes('\r\na\r\n'), 'the beginning');
    const draining = open.edge.drain({ idle: 'after-response' });
    gate.resolve();
    expect((await client.response()).body).toBe('ab');
    client.send(get('/'));
    expect(await connectionOf(client, 2)).toBe('close');
    await draining;
  });

  test('leaves channels and event streams to their registry', async () => {
    await using open = await openEdge(new Handlers().register);
    await using socket = await RawClient.open(open.port);
    await socket.send(get('/ws', ...HANDSHAKE)).until(() => socket.received.includes('101'), 'the 101');
    await using feed = await RawClient.open(open.port);
    await feed
      .send(get('/feed', 'accept: text/event-stream'))
      .until(() => feed.received.includes('retry'), 'the stream');
    const draining = open.edge.drain({ idle: 'after-response' });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect([socket.hasEnded, feed.hasEnded]).toEqual([false, false]);
    open.registry.stop();
    // The close frame is answered by hand; the stream has said all, and its connection has one more answer.
    await socket.until(() => socket.received.includes('The server stops.'), 'the close frame');
    socket.sendFin();
    await feed.until(() => feed.received.endsWith('0\r\n\r\n'), 'the end of the stream');
    feed.send(get('/'));
    expect(await connectionOf(feed, 2)).toBe('close');
    await draining;
  });

  test('may be followed by one that closes them at once', async () => {
    await using open = await openEdge(new Handlers().register);
    await using client = await answered(open);
    const draining = open.edge.drain({ idle: 'after-response' });
    await open.edge.drain();
    await draining;
    await client.ended();
    expect(client.errorCode).toBeUndefined();
  });
});

describe('a drain that closes idle connections', () => {
  test('closes them without a word', async () => {
    await using open = await openEdge(new Handlers().register);
    await using idle = await answered(open);
    await using silent = await RawClient.open(open.port);
    await expect.poll(() => open.edge.connectionCount).toBe(2);
    await open.edge.drain();
    await Promise.all([idle.ended(), silent.ended()]);
    expect([idle.errorCode, silent.errorCode]).toEqual([undefined, undefined]);
  });

  test('closes a connection behind a response that had begun without saying so', async () => {
    const gate = deferred();
    await using open = await openEdge((app) =>
      app.get('/stream', async function* () {
        yield 'a';
        await gate.promise;
        yield 'b';
      }),
    );
    await using client = await RawClient.open(open.port);
    await client.send(get('/stream')).until(() => client.received.includes('\r\na\r\n'), 'the beginning');
    const draining = open.edge.drain();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    gate.resolve();
    expect((await client.response()).body).toBe('ab');
    await draining;
    await client.ended();
  });
});

describe('the time between requests', () => {
  test('may change while connections are open, and responses say so', async () => {
    await using open = await openEdge(new Handlers().register);
    await using client = await answered(open);
    open.edge.keepAlive(7_000);
    await client.send(get('/')).responses(2);
    await using other = await answered(open);
    expect(
      [(await client.responses(2))[1], (await other.responses(1))[0]].map((each) => each?.headers.get('keep-alive')),
    ).toEqual(['timeout=7', 'timeout=7']);
  });

  test('holds for who is idle already, from then on', { timeout: 20_000 }, async () => {
    await using open = await openEdge(new Handlers().register);
    await using client = await answered(open);
    open.edge.keepAlive(100);
    await client.ended();
    expect(open.edge.connectionCount).toBe(0);
  });

  test('is none: each connection ends with its next response, those that come later with their first', async () => {
    await using open = await openEdge(new Handlers().register);
    await using client = await answered(open);
    open.edge.keepAlive(0);
    client.send(get('/'));
    expect(await connectionOf(client, 2)).toBe('close');
    await client.ended();
    await using later = await RawClient.open(open.port);
    later.send(get('/'));
    expect(await connectionOf(later, 1)).toBe('close');
    open.edge.keepAlive(5_000);
    await using last = await answered(open);
    expect((await last.response()).headers.get('keep-alive')).toBe('timeout=5');
  });
});
