import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { LANES } from '../conformance/lanes.ts';
import { sendCase } from './send-case.ts';
import { ServerProcess } from './server-process.ts';

const CLIENTS = process.env['PORTLIGHT_LONG'] === '1' ? 100_000 : 600;
const AT_ONCE = 50;

/** Connects, perhaps sends a little, and goes away: the ways in which clients vanish. */
const WAYS: Readonly<Record<string, { readonly bytes: string; readonly isReset: boolean }>> = {
  'without a byte': { bytes: '', isReset: false },
  'by a reset, without a byte': { bytes: '', isReset: true },
  'in a head': { bytes: 'GET / HTTP/1.1\r\nho', isReset: false },
  'by a reset in a head': { bytes: 'GET / HTTP/1.1\r\nho', isReset: true },
  'by a reset in a body': { bytes: 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf', isReset: true },
  'by a reset in a body of chunks': {
    bytes: 'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf',
    isReset: true,
  },
  'by a reset in a form': {
    bytes:
      'POST /form HTTP/1.1\r\nhost: a\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 99\r\n\r\n--b\r\n',
    isReset: true,
  },
  'by a reset before the answer': { bytes: 'GET /stream HTTP/1.1\r\nhost: a\r\n\r\n', isReset: true },
};

function vanish(
  port: number,
  { bytes, isReset }: { readonly bytes: string; readonly isReset: boolean },
): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const leave = (): void => void (isReset ? socket.resetAndDestroy() : socket.destroy());
    socket.on('connect', () => (bytes === '' ? leave() : socket.write(bytes, 'latin1', leave)));
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

describe.each(LANES)('clients that go away on the lane $name', (lane) => {
  test.each(Object.entries(WAYS))(
    '%s, again and again, leave nothing behind',
    { timeout: 600_000 },
    async (_what, way) => {
      await using server = await ServerProcess.start(lane);
      const round = async (): Promise<number> => {
        for (let done = 0; done < CLIENTS / 2; done += AT_ONCE)
          await Promise.all(Array.from({ length: AT_ONCE }, () => vanish(server.port, way)));
        const { problems, heapBytes } = await server.report();
        expect(problems).toEqual([]);
        return heapBytes;
      };
      // What the engine keeps of its own comes and goes; what clients leave behind grows with each round.
      const sizes = [await round(), await round()];
      while (sizes.length < 5 && leastGrowth(sizes) >= 2_000_000) sizes.push(await round());
      expect(leastGrowth(sizes)).toBeLessThan(2_000_000);
      expect(await sendCase(server.port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n', 'at once')).toMatch(
        /^HTTP\/1\.1 200 OK\r\n/,
      );
    },
  );
});

function leastGrowth(sizes: readonly number[]): number {
  return Math.min(...sizes.slice(1).map((size, index) => size - (sizes[index] as number)));
}
