import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { deferred } from '../../packages/portlight/test/support/deferred.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { openEcho } from './echo-server.ts';
import { FrameClient, HANDSHAKE } from './frame-client.ts';
import { LANES } from './lanes.ts';
import { withDefaults } from './with-defaults.ts';
import { BINARY, CLOSE, closeBody, CONTINUATION, frame, PING, PONG, TEXT } from './web-socket-frames.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(() => resolve()));
const never = (): Promise<void> => new Promise(() => {});

/** Bytes that are held beside the heap, by this process with its clients. */
async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What the log says of channels that ws has ended. */
const noted = ({ log }: OpenServer): readonly unknown[] =>
  log
    .at('debug')
    .filter(({ message }) => message.startsWith('ws '))
    .map(({ fields }) => fields);

/** How much of what is sent over and over the server takes before it stops reading, at most so much. */
async function takenBytes(client: RawClient, bytes: Buffer, most: number): Promise<number> {
  const { socket } = client;
  while (!socket.destroyed && socket.bytesWritten - socket.writableLength < most) {
    const before = socket.bytesWritten - socket.writableLength;
    if (socket.writableLength < 1_000_000) client.send(bytes);
    // Over the loopback what can be taken is taken within some turns.
    for (let turn = 0; turn < 50 && socket.writableLength > 0 && !socket.destroyed; turn++) await nextTurn();
    if (socket.writableLength >= 1_000_000 && socket.bytesWritten - socket.writableLength === before) break;
  }
  return socket.bytesWritten - socket.writableLength;
}

/** A client in a thread: tells of each ping, which it answers soon after, and of the end. */
const PONG_CLIENT = `
  const { parentPort, workerData } = require('node:worker_threads');
  const socket = require('node:net').connect(workerData.port, '127.0.0.1');
  socket.write(workerData.handshake);
  socket.on('data', (bytes) => {
    if (bytes[0] !== 0x89) return;
    parentPort.postMessage('pinged');
    setTimeout(() => socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0])), 50);
  });
  socket.on('close', () => parentPort.postMessage('closed'));
`;

const FLOOD = 60_000_000;
/** What kernel and server may hold of a connection that is not read. */
const MAY_TAKE = 20_000_000;

describe.each(LANES)('floods of a client on the lane $name', (lane) => {
  test('100,000 fragments of a byte end with 1008', async () => {
    await using open = await openEcho(lane, { maxPayloadBytes: 1_048_576 });
    await using client = await FrameClient.open(open.port);
    client.send(
      frame(TEXT, 'a', { fin: false }),
      ...Array<Buffer>(100_000).fill(frame(CONTINUATION, 'a', { fin: false })),
    );
    expect(await client.ended()).toEqual([['close', 1008, '']]);
  });

  test('100,000 empty fragments end with 1008', async () => {
    await using open = await openEcho(lane, { maxPayloadBytes: 1_048_576 });
    await using client = await FrameClient.open(open.port);
    client.send(
      frame(TEXT, '', { fin: false }),
      ...Array<Buffer>(100_000).fill(frame(CONTINUATION, '', { fin: false })),
    );
    expect(await client.ended()).toEqual([['close', 1008, '']]);
  });

  test.each([
    [1_048_576, 16_384],
    [65_600, 1_025],
    [5_000, 1_024],
  ])(
    'of a message of %i bytes at most, %i fragments are taken, one more is too many',
    async (maxPayloadBytes, most) => {
      await using open = await openEcho(lane, { maxPayloadBytes });
      await using client = await FrameClient.open(open.port);
      const inner = (count: number): Buffer[] => Array<Buffer>(count).fill(frame(CONTINUATION, 'a', { fin: false }));
      client.send(frame(TEXT, 'a', { fin: false }), ...inner(most - 2), frame(CONTINUATION, 'a'));
      expect(await client.events(1)).toEqual([['text', 'a'.repeat(most)]]);
      client.send(frame(TEXT, 'a', { fin: false }), ...inner(most - 1), frame(CONTINUATION, 'a'));
      expect((await client.ended())[1]).toEqual(['close', 1008, '']);
      expect(noted(open)).toEqual([
        { address: '127.0.0.1', path: '/', why: 'Too many message fragments', code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS' },
      ]);
    },
  );

  test('fragments that are too large together end with 1009, before the last of them', async () => {
    await using open = await openEcho(lane, { maxPayloadBytes: 1_000 });
    await using client = await FrameClient.open(open.port);
    client.send(
      frame(BINARY, Buffer.alloc(600), { fin: false }),
      frame(CONTINUATION, Buffer.alloc(401), { fin: false }),
    );
    expect(await client.ended()).toEqual([['close', 1009, '']]);
  });

  test('a ping flood of a client that reads has its pongs, and one that never reads is cut', async () => {
    await using open = await openEcho(lane);
    await using good = await FrameClient.open(open.port);
    for (let index = 1; index <= 200; index++)
      await good.send(...Array<Buffer>(50).fill(frame(PING, 'x'))).events(index * 50);
    await using bad = await FrameClient.open(open.port);
    bad.raw.socket.pause();
    const flood = Buffer.concat(Array<Buffer>(10_000).fill(frame(PING, Buffer.alloc(125))));
    expect(await takenBytes(bad.raw, flood, FLOOD * 4)).toBeLessThan(FLOOD);
    expect(noted(open)).toEqual([
      { address: '127.0.0.1', path: '/', why: 'Too many pongs wait for the client.', code: undefined },
    ]);
    expect((await good.send(frame(TEXT, 'still here')).events(10_001)).at(-1)).toEqual(['text', 'still here']);
  });

  test('a pong flood is passed over', async () => {
    await using open = await openEcho(lane);
    await using client = await FrameClient.open(open.port);
    for (let index = 0; index < 100; index++) client.send(...Array<Buffer>(1_000).fill(frame(PONG, 'x')));
    expect(await client.send(frame(TEXT, 'hi')).events(1)).toEqual([['text', 'hi']]);
  });

  test('a handler that never resolves holds the flood back, in the client', async () => {
    await using open = await openServer(
      (server) => server.websocket({ messagesPerSecond: 1_000_000 }).accept('/', () => never()),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    expect(await takenBytes(client.raw, frame(BINARY, Buffer.alloc(65_536)), FLOOD)).toBeLessThan(MAY_TAKE);
    await using other = await FrameClient.open(open.port);
    expect(await other.send(frame(PING, 'x')).events(1)).toEqual([['pong', 'x']]);
  });

  test('so does an open handler that never resolves', async () => {
    await using open = await openServer(
      (server) =>
        server
          .websocket({ messagesPerSecond: 1_000_000 })
          .accept('/', { open: () => never(), message: (message) => message }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    expect(await takenBytes(client.raw, frame(BINARY, Buffer.alloc(65_536)), FLOOD)).toBeLessThan(MAY_TAKE);
  });

  test('what comes after a close that waits for its answer is kept by nobody', async () => {
    const calls: unknown[] = [];
    await using open = await openServer(
      (server) =>
        server.websocket({ messagesPerSecond: 1_000_000 }).accept('/', (message, channel) => {
          calls.push(message);
          channel.close(4_000, 'enough');
          return never();
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    await client.send(frame(TEXT, 'first')).events(1);
    const before = await heldBytes();
    await takenBytes(client.raw, frame(BINARY, Buffer.alloc(262_144)), 80_000_000);
    expect((await heldBytes()) - before).toBeLessThan(20_000_000);
    expect(calls).toEqual(['first']);
  });

  test('what comes after a close, while the client was held back already, is kept by nobody', async () => {
    const close = deferred();
    await using open = await openServer(
      (server) =>
        server.websocket({ messagesPerSecond: 1_000_000 }).accept('/', async (_message, channel) => {
          await close.promise;
          channel.close(4_000, 'enough');
          return never();
        }),
      lane.options,
    );
    await using client = await FrameClient.open(open.port);
    client.send(...Array<Buffer>(100).fill(frame(TEXT, 'more than may wait')));
    const before = await heldBytes();
    close.resolve();
    await client.events(1);
    await takenBytes(client.raw, frame(BINARY, Buffer.alloc(262_144)), 80_000_000);
    expect((await heldBytes()) - before).toBeLessThan(20_000_000);
  });

  test('a client that is asked to be slower by 1008 is at an end, and what it sent in the second counts', async () => {
    await using open = await openEcho(lane, { messagesPerSecond: 100 });
    await using client = await FrameClient.open(open.port);
    client.send(...Array<Buffer>(250).fill(frame(TEXT, 'x')));
    const events = await client.ended();
    expect(events.at(-1)).toEqual(['close', 1008, 'Too many messages.']);
    expect(events.length - 1).toBe(100);
  });
});

describe.each(LANES)('limits of channels on the lane $name', (lane) => {
  test.each([
    ['maxChannels', 503],
    ['maxChannelsPerIp', 429],
  ] as const)('%s holds for handshakes that are under way at once', async (name, status) => {
    const gate = deferred();
    let begun = 0;
    const allBegun = deferred();
    await using open = await openServer(
      (server) =>
        server.websocket({ [name]: 3 }).accept('/', {
          upgrade() {
            if (++begun === 3) allBegun.resolve();
            return gate.promise;
          },
          message: (message) => message,
        }),
      lane.options,
    );
    const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.open(open.port)));
    for (const client of clients) client.send(get('/', ...HANDSHAKE));
    await allBegun.promise;
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    gate.resolve();
    await Promise.all(clients.map((client) => client.until(() => client.received.includes('\r\n\r\n'), 'an answer')));
    const statuses = clients.map(({ received }) => Number(received.slice(9, 12)));
    expect(statuses.filter((each) => each === 101)).toHaveLength(3);
    expect(statuses.filter((each) => each === status)).toHaveLength(7);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test('the place of a channel is free again after each way to end', async () => {
    const closed: number[] = [];
    let wake = deferred();
    await using open = await openServer(
      (server) =>
        server.websocket({ maxChannelsPerIp: 1 }).accept('/', {
          message: () => {
            throw new Error('broken');
          },
          close(_channel, code) {
            closed.push(code);
            wake.resolve();
          },
        }),
      lane.options,
    );
    const ways: readonly ((client: FrameClient) => unknown)[] = [
      (client) => client.send(frame(CLOSE, closeBody(1000))).ended({ isFirst: false }),
      (client) => client.send(frame(3)).ended(),
      (client) => client.send(frame(TEXT, 'x')).ended(),
      (client) => client.raw.reset(),
      (client) => client.raw.sendFin(),
    ];
    for (const way of ways) {
      wake = deferred();
      await using client = await FrameClient.open(open.port);
      await way(client);
      client.raw.sendFin();
      await wake.promise;
    }
    expect(closed).toEqual([1000, 1002, expect.any(Number), 1006, 1006]);
    await using last = await FrameClient.open(open.port);
    expect(last.head).toContain(' 101 ');
  });

  test('a refusal frees what it took', async () => {
    await using open = await openServer(
      (server) =>
        server
          .websocket({ maxChannelsPerIp: 1 })
          .accept('/', {
            upgrade: () => {
              throw new Error('broken');
            },
          })
          .accept('/good', (message) => message),
      lane.options,
    );
    for (let index = 0; index < 5; index++) {
      await using client = await RawClient.open(open.port);
      expect((await client.send(get('/', ...HANDSHAKE)).response()).status).toBe(500);
    }
    await using gone = await RawClient.open(open.port);
    gone.send(get('/', ...HANDSHAKE, 'sec-websocket-protocol: a,,b'));
    await gone.ended();
    await using client = await FrameClient.open(open.port, '/good');
    expect(await client.send(frame(TEXT, 'x')).events(1)).toEqual([['text', 'x']]);
  });
});

describe('5,000 failed handshakes', () => {
  test('leave nothing behind', { timeout: 60_000 }, async () => {
    await using open = await openServer((server) => server.accept('/', (message) => message));
    const kinds = [
      ['sec-websocket-key: short', 'sec-websocket-version: 13'],
      [HANDSHAKE[2] as string, 'sec-websocket-version: 12'],
      [...HANDSHAKE.slice(2), 'origin: https://evil.example'],
      [...HANDSHAKE.slice(2), 'sec-websocket-protocol: a,,b'],
    ];
    const fail = async (index: number): Promise<void> => {
      await using client = await RawClient.open(open.port);
      await client.send(get('/', ...HANDSHAKE.slice(0, 2), ...(kinds[index % kinds.length] ?? []))).ended();
    };
    const failMany = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 50)
        await Promise.all(Array.from({ length: 50 }, (_, index) => fail(index)));
    };
    await failMany(500);
    const before = await heldBytes();
    await failMany(5_000);
    expect((await heldBytes()) - before).toBeLessThan(4_000_000);
    const connections = await new Promise((resolve) =>
      open.server.getSocket()?.getConnections((_error, count) => resolve(count)),
    );
    expect(connections).toBeLessThanOrEqual(50);
    expect(open.log.at('error')).toEqual([]);
  });
});

describe.each(LANES)('clients that do not end on the lane $name', (lane) => {
  test.each<[string, Buffer]>([
    ['its close frame', frame(CLOSE, closeBody(1000))],
    ['a frame that is refused', frame(3)],
    ['a message that is too large', frame(BINARY, '', { length: 2n ** 40n })],
    ['a close the server begins', frame(TEXT, 'close')],
  ])('are cut soon after %s, when they keep the connection', async (_what, bytes) => {
    await withDefaults({ closeTimeoutMs: 100 }, async () => {
      const closed = deferred<number>();
      await using open = await openServer(
        (server) =>
          server.accept('/', {
            message: (_message, channel) => channel.close(4_000),
            close: (_channel, code) => closed.resolve(code),
          }),
        lane.options,
      );
      await using client = await FrameClient.open(open.port);
      const startedAt = performance.now();
      client.send(bytes);
      await closed.promise;
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    });
  });

  test('have the pings of a heartbeat, and are cut when nothing comes', async () => {
    await withDefaults({ pongTimeoutMs: 50 }, async () => {
      const closed = deferred<number>();
      await using open = await openServer(
        (server) =>
          server.websocket({ heartbeatMs: 20 }).accept('/', { close: (_channel, code) => closed.resolve(code) }),
        lane.options,
      );
      await using client = await FrameClient.open(open.port);
      expect(await closed.promise).toBe(1006);
      expect(client.reader.events).toEqual([['ping', '']]);
    });
  });

  test('are not cut because a handler of ours takes long', async () => {
    await withDefaults({ pongTimeoutMs: 50 }, async () => {
      const gate = deferred();
      let closedWith: number | undefined;
      await using open = await openServer(
        (server) =>
          server.websocket({ heartbeatMs: 20 }).accept('/', {
            async message(message) {
              await gate.promise;
              return message;
            },
            close: (_channel, code) => void (closedWith = code),
          }),
        lane.options,
      );
      await using client = await FrameClient.open(open.port);
      client.raw.socket.on('data', () => {
        const ping = client.reader.events.filter(([kind]) => kind === 'ping').length;
        if (ping > 0) client.send(frame(PONG));
      });
      // More than may wait, so that nothing is read from it any more.
      client.send(...Array<Buffer>(100).fill(frame(TEXT, 'x')));
      // Several heartbeats, whatever else happens.
      await new Promise((resolve) => void setTimeout(resolve, 400));
      gate.resolve();
      await client.until(
        () => client.reader.events.filter(([kind]) => kind === 'text').length === 100 || client.raw.isClosed,
        'all answers',
      );
      expect(closedWith).toBeUndefined();
    });
  });

  test('are not cut where their answer has come, but the process was blocked', async () => {
    await withDefaults({ pongTimeoutMs: 100 }, async () => {
      const closed: number[] = [];
      await using open = await openServer(
        (server) =>
          server.websocket({ heartbeatMs: 50 }).accept('/', { close: (_channel, code) => void closed.push(code) }),
        lane.options,
      );
      // A thread of its own answers while this one is blocked.
      const worker = new Worker(PONG_CLIENT, {
        eval: true,
        workerData: { port: open.port, handshake: get('/', ...HANDSHAKE) },
      });
      const next = async (): Promise<unknown> => ((await once(worker, 'message')) as unknown[])[0];
      expect(await next()).toBe('pinged');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      // The next one of the heartbeat, which nobody sends to a client that was cut.
      expect([await next(), closed]).toEqual(['pinged', []]);
      await worker.terminate();
    });
  });
});
