import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { runExample } from './run-example.ts';

const MIB = 1_048_576;

test('the echo gives back what it gets while it is coming, and holds none of it', async () => {
  await using echo = await runExample('echo');
  const sent = createHash('sha256');
  const pieces = function* (): Generator<Buffer> {
    const piece = randomBytes(MIB);
    for (let count = 0; count < 256; count++) {
      piece[count] = count;
      sent.update(piece);
      yield Buffer.from(piece);
    }
  };
  const upload = request(`${echo.base}/`, { method: 'POST', headers: { 'content-type': 'image/png' } });
  upload.flushHeaders();
  const source = pieces();
  upload.write(source.next().value);
  const [answer] = (await once(upload, 'response')) as [IncomingMessage];
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'image/png']);
  const received = createHash('sha256');
  let length = 0;
  await Promise.all([
    pipeline(Readable.from(source), upload),
    pipeline(answer, async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        received.update(chunk);
        length += chunk.length;
      }
    }),
  ]);
  expect(length).toBe(256 * MIB);
  expect(received.digest('hex')).toBe(sent.digest('hex'));
  // Where the system tells: all that the process ever held at once.
  const status = `/proc/${echo.program.process.pid}/status`;
  if (existsSync(status))
    expect(Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1])).toBeLessThan(192 * 1_024);
});
