import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { WebSocketClient } from '../../portlight/test/support/web-socket-client.ts';
import { connected, next, openIo, transportOf } from './support/open-io.ts';

/** Which no compression makes small. */
const LARGE = randomBytes(150_000).toString('base64');

/** One that speaks by itself: it has joined, and reads nothing from then on. */
async function openDeaf(port: number): Promise<WebSocketClient> {
  const client = await WebSocketClient.open(port, '/socket.io/?EIO=4&transport=websocket');
  client.send('40');
  await client.messages(2);
  client.websocket.pause();
  return client;
}

/** Where the polls of a new session go. */
async function beginPolling(origin: string): Promise<string> {
  const url = `${origin}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1)) as { readonly sid: string };
  return `${url}&sid=${sid}`;
}

describe('a client that takes nothing', () => {
  test.each([{ perMessageDeflate: false }, { perMessageDeflate: true }])(
    'is ended, and the others get all, with %j',
    async ({ perMessageDeflate }) => {
      const ends: string[] = [];
      await using open = await openIo(
        (io) => io.on('connection', (socket) => socket.on('disconnect', (reason) => ends.push(reason))),
        { io: { maxBackpressureBytes: 1_000_000, perMessageDeflate } },
      );
      const honest = await open.connect({ transports: ['websocket'] });
      const deaf = await openDeaf(open.port);
      let sent = 0;
      while (ends.length === 0) {
        const heard = next(honest, 'much');
        open.io.emit('much', ++sent, LARGE);
        expect(await heard).toEqual([sent, LARGE]);
      }
      expect(open.io.engine.clientsCount).toBe(1);
      deaf.websocket.terminate();
    },
  );

  test('is ended where it polls no more', async () => {
    await using open = await openIo(undefined, { io: { maxBackpressureBytes: 1_000_000, transports: ['polling'] } });
    const session = await beginPolling(open.url);
    await fetch(session, { method: 'POST', body: '40' });
    expect(await (await fetch(session)).text()).toContain('40');
    for (let sent = 0; open.io.engine.clientsCount > 0; sent++) {
      expect(sent).toBeLessThan(10);
      open.io.emit('much', LARGE);
      await new Promise(setImmediate);
    }
  });

  test('is ended, however small the messages are', async () => {
    await using open = await openIo(undefined, { io: { maxBackpressureBytes: 1_000_000, transports: ['polling'] } });
    const session = await beginPolling(open.url);
    await fetch(session, { method: 'POST', body: '40' });
    expect(await (await fetch(session)).text()).toContain('40');
    for (let sent = 0; open.io.engine.clientsCount > 0; sent++) {
      expect(sent).toBeLessThan(20_000);
      open.io.emit('');
      await new Promise(setImmediate);
    }
  });

  test('does not hold up a stop where it only asks whether it may upgrade', async () => {
    await using open = await openIo();
    const { pathname, search } = new URL(await beginPolling(open.url));
    const probe = await WebSocketClient.open(open.port, pathname + search.replace('polling', 'websocket'));
    probe.send('2probe');
    await probe.messages(1);
    probe.websocket.pause();
    expect(await open.server.shutdown({ timeoutMs: 20_000 })).toMatchObject({ forced: 0 });
    probe.websocket.terminate();
  });

  test('does not hold up a stop', async () => {
    await using open = await openIo();
    const deaf = await openDeaf(open.port);
    // More than the kernel takes for it.
    for (let sent = 0; sent < 40; sent++) open.io.emit('much', LARGE);
    expect(await open.server.shutdown({ timeoutMs: 20_000 })).toMatchObject({ forced: 0 });
    deaf.websocket.terminate();
  });
});

describe('a client that takes what it is sent', () => {
  test.each(['polling', 'websocket'])('may be sent one message that is larger, by %s', async (transport) => {
    await using open = await openIo(undefined, { io: { maxBackpressureBytes: 1_000 } });
    const socket = await open.connect({ transports: [transport] });
    expect(transportOf(socket)).toBe(transport);
    for (let sent = 0; sent < 3; sent++) {
      const heard = next(socket, 'much');
      open.io.emit('much', LARGE);
      expect(await heard).toEqual([LARGE]);
    }
  });

  test.each(['polling', 'websocket'])('may be sent one message with many large parts, by %s', async (transport) => {
    await using open = await openIo(undefined, { io: { maxBackpressureBytes: 100_000 } });
    const socket = await open.connect({ transports: [transport] });
    const parts = Array.from({ length: 9 }, () => Buffer.alloc(200_000, 'part'));
    const heard = next(socket, 'parts');
    open.io.emit('parts', parts);
    const [came] = (await heard) as [readonly Buffer[]];
    expect(came.map((part, index) => part.equals(parts[index] as Buffer))).toEqual(parts.map(() => true));
  });

  test('comes back where it was too slow', async () => {
    await using open = await openIo(undefined, { io: { maxBackpressureBytes: 1_000 } });
    const socket = await open.connect({ transports: ['websocket'] });
    const gone = next(socket, 'disconnect');
    for (let sent = 0; sent < 100; sent++) open.io.emit('much', LARGE);
    await gone;
    await connected(socket);
  });
});
