import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deferred } from '../../packages/portlight/test/support/deferred.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { Random } from '../faults/random.ts';
import { FrameClient } from './frame-client.ts';
import { LANES } from './lanes.ts';
import { damage, makeFrames } from './web-socket-damage.ts';
import { frame, PING, TEXT } from './web-socket-frames.ts';

const IS_LONG = process.env['PORTLIGHT_LONG'] === '1';
const CASES = IS_LONG ? 200_000 : 2_000;
const IDLE = IS_LONG ? 30_000 : 300;
const AT_ONCE = 32;
const CODES: readonly unknown[] = [1002, 1007, 1009];

/** What a server may do with bytes that are nearly frames: refuse them by a code, close as they say, or go on. */
async function tryCase(port: number, seed: number): Promise<string | undefined> {
  const random = new Random(seed);
  const good = makeFrames(random);
  const bytes = damage(random, good);
  const offer = random.chance(30) ? ['sec-websocket-extensions: permessage-deflate'] : [];
  await using client = await FrameClient.open(port, '/', offer);
  try {
    if (random.chance(50)) client.send(bytes);
    else client.sendApart([bytes], 1 + random.below(40));
    // Whatever it waits for, it gets no more; an end of the connection ends what is left half.
    client.raw.sendFin();
    await client.raw.ended();
    await client.until(() => true, 'nothing');
  } catch (error) {
    return `seed ${seed}: ${(error as Error).message} Sent: ${bytes.toString('hex')}`;
  }
  const last = client.reader.events.at(-1);
  if (last?.[0] !== 'close' || last[1] === undefined || CODES.includes(last[1])) return undefined;
  // A close frame that was sent, whole or damaged, is answered with its code.
  return bytes.includes(0x88)
    ? undefined
    : `seed ${seed}: closed with ${String(last[1])}. Sent: ${bytes.toString('hex')}`;
}

describe.each(LANES)('damaged frames on the lane $name', (lane) => {
  let open: OpenServer | undefined;
  let openChannels = 0;
  const problems: unknown[] = [];
  const note = (problem: unknown): void => void problems.push(problem);
  beforeAll(async () => {
    process.on('uncaughtExceptionMonitor', note);
    open = await openServer(
      (server) =>
        server.websocket({ perMessageDeflate: true }).accept('/', {
          open: () => void openChannels++,
          message: (message) => message,
          close: () => void openChannels--,
        }),
      lane.options,
    );
  });
  afterAll(async () => {
    process.off('uncaughtExceptionMonitor', note);
    await open?.[Symbol.asyncDispose]();
  });

  test(`${CASES} sequences of them harm nobody`, { timeout: IS_LONG ? 3_600_000 : 60_000 }, async () => {
    const port = open?.port ?? 0;
    const findings: string[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < CASES && findings.length < 10) {
        const finding = await tryCase(port, next++);
        if (finding !== undefined) findings.push(finding);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(findings).toEqual([]);
    expect(problems).toEqual([]);
    expect(open?.log.at('error')).toEqual([]);
    await using client = await FrameClient.open(port);
    expect(await client.send(frame(TEXT, 'still here')).events(1)).toEqual([['text', 'still here']]);
    await expect.poll(() => openChannels, { timeout: 5_000 }).toBe(1);
  });
});

describe('idle channels', () => {
  test(`${IDLE} of them are served, and leave nothing behind`, { timeout: IS_LONG ? 600_000 : 30_000 }, async () => {
    let count = 0;
    const allGone = deferred();
    await using open = await openServer(
      (server) =>
        server.websocket({ maxChannels: 100_000, maxChannelsPerIp: 100_000 }).accept('/', {
          open: () => void count++,
          close: () => {
            if (--count === 0) allGone.resolve();
          },
        }),
      { maxConnections: 100_000, maxConnectionsPerIp: 100_000 },
    );
    const clients: FrameClient[] = [];
    for (let made = 0; made < IDLE; made += 100)
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => FrameClient.open(open.port)))));
    expect(count).toBe(IDLE);
    for (const client of [clients[0], clients.at(-1)])
      expect(await client?.send(frame(PING, 'x')).events(1)).toEqual([['pong', 'x']]);
    for (const client of clients) client.raw.reset();
    await allGone.promise;
    expect((await open.server.shutdown()).forced).toBe(0);
  });
});
