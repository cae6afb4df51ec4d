import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { canStopReading, readOn, stopReading } from '../../src/ports/stop-reading.ts';

const CHILD = fileURLToPath(new URL('../fixtures/takes-sockets.mjs', import.meta.url));
const BYTES = 1_000_000;

/** Text in which each place can be told from all others. */
const TEXT = Buffer.from(Array.from({ length: BYTES / 8 }, (_, index) => String(index).padStart(8, '0')).join(''));

async function accepted(): Promise<{ readonly client: Socket; readonly socket: Socket } & AsyncDisposable> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  return {
    client,
    socket,
    async [Symbol.asyncDispose]() {
      client.destroy();
      socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a socket that is stopped at its first bytes', () => {
  test('reads nothing more, whatever comes, until it may', async () => {
    await using pair = await accepted();
    const { client, socket } = pair;
    expect(canStopReading(socket)).toBe(true);
    client.write('first');
    const seen: string[] = [];
    const stopped = new Promise<void>((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        seen.push(bytes.toString());
        if (seen.length > 1) return;
        stopReading(socket);
        resolve();
      });
    });
    socket.resume();
    await stopped;
    await new Promise<void>((resolve) => client.write('second', () => resolve()));
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect([seen, socket.bytesRead]).toEqual([['first'], 5]);
    readOn(socket);
    await expect.poll(() => seen.join('')).toBe('firstsecond');
  });

  test('loses no byte to who gets it, of any of 20', async () => {
    const child = fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    try {
      for (let round = 0; round < 20; round++) {
        await using pair = await accepted();
        const { client, socket } = pair;
        // In pieces of all sizes, some of them at once.
        for (let at = 0, size = 1; at < BYTES; at += size, size = Math.min(size * 3 + round, 70_000))
          client.write(TEXT.subarray(at, at + size));
        client.end();
        socket.once('data', (bytes: Buffer) => {
          stopReading(socket);
          child.send({ bytes: bytes.toString('base64') }, socket, { keepOpen: true });
        });
        socket.resume();
        const [text] = (await once(child, 'message')) as [string];
        expect(text === TEXT.toString()).toBe(true);
      }
    } finally {
      child.kill();
    }
  }, 30_000);

  test('is known not to be where Node has nothing for that', () => {
    expect(canStopReading({ _handle: {} } as unknown as Socket)).toBe(false);
    expect(canStopReading({ _handle: null } as unknown as Socket)).toBe(false);
  });
});
