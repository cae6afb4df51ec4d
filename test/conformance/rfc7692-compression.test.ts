import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenServer } from '../../packages/portlight/test/support/open-server.ts';
import { openEcho } from './echo-server.ts';
import { FrameClient } from './frame-client.ts';
import { LANES } from './lanes.ts';
import { BINARY, CLOSE, closeBody, CONTINUATION, deflated, fragments, frame, PING, TEXT } from './web-socket-frames.ts';

const RSV1 = 4;
/** As section 12 of the Autobahn test suite has them, with fewer messages of each. */
const SIZES = [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];
/** As section 13: what a client may offer. */
const OFFERS: readonly (readonly [string, string, number])[] = [
  ['13.1', 'permessage-deflate', 15],
  ['13.2', 'permessage-deflate; server_no_context_takeover', 15],
  ['13.3', 'permessage-deflate; server_max_window_bits=9', 15],
  ['13.4', 'permessage-deflate; server_max_window_bits=15', 15],
  ['13.5', 'permessage-deflate; server_no_context_takeover; server_max_window_bits=9', 15],
  ['13.6', 'permessage-deflate; client_no_context_takeover; client_max_window_bits=9', 9],
  ['13.7', 'permessage-deflate; server_max_window_bits=9; client_max_window_bits, permessage-deflate', 15],
];
/** Words that a window finds again, and noise it does not. */
const prose = (size: number): string =>
  'the harbour and the light and the sea '.repeat(Math.ceil(size / 38)).slice(0, size);
const noise = (size: number): Buffer => {
  let state = 12_345;
  return Buffer.from(
    Array.from({ length: size }, () => ((state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) >> 16) & 0xff),
  );
};

describe.each(LANES)('RFC 7692 on the lane $name', (lane) => {
  let open: OpenServer | undefined;
  beforeAll(async () => {
    open = await openEcho(lane, { perMessageDeflate: true, maxPayloadBytes: 1_048_576 });
  });
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]();
  });
  const connect = (offer = 'permessage-deflate'): Promise<FrameClient> =>
    FrameClient.open(open?.port ?? 0, '/', [`sec-websocket-extensions: ${offer}`]);

  test.each(
    SIZES.flatMap((size, index) => [
      { id: `12.1.${index + 1}`, what: 'text', size, opcode: TEXT, data: Buffer.from(prose(size)) },
      { id: `12.2.${index + 1}`, what: 'noise', size, opcode: BINARY, data: noise(size) },
    ]),
  )('$id twenty messages of $size bytes of $what', async ({ opcode, data }) => {
    await using client = await connect();
    expect(client.head).toMatch(/^sec-websocket-extensions: permessage-deflate/im);
    const payload = deflated(data);
    const events = await client.send(...Array<Buffer>(20).fill(frame(opcode, payload, { rsv: RSV1 }))).events(20);
    expect(events).toEqual(
      Array.from({ length: 20 }, () => [opcode === TEXT ? 'text' : 'binary', data.toString('latin1')]),
    );
    expect((await client.send(frame(CLOSE, closeBody(1000))).ended({ isFirst: false })).at(-1)).toEqual([
      'close',
      1000,
      '',
    ]);
  });

  test.each([10, 3_000])(
    '§7.2 an answer of %i bytes goes before the close that stands behind a compressed message',
    async (size) => {
      await using client = await connect();
      client.send(frame(TEXT, deflated(prose(size)), { rsv: RSV1 }), frame(CLOSE, closeBody(1000)));
      expect(await client.ended({ isFirst: false })).toEqual([
        ['text', prose(size)],
        ['close', 1000, ''],
      ]);
    },
  );

  test.each(OFFERS)('%s the offer %s', async (_id, offer, clientWindowBits) => {
    await using client = await connect(offer);
    expect(client.head).toMatch(/^sec-websocket-extensions: permessage-deflate/im);
    for (const size of SIZES) {
      const text = prose(size);
      const before = client.reader.events.length;
      client.send(...fragments(TEXT, deflated(text, clientWindowBits), 1_000, RSV1), frame(TEXT, 'plain'));
      expect((await client.events(before + 2)).slice(before)).toEqual([
        ['text', text],
        ['text', 'plain'],
      ]);
    }
    expect(client.reader.compressed).toBeGreaterThan(0);
  });

  test.each(['x-webkit-deflate-frame', 'permessage-bzip2', 'deflate; a=1'])(
    '§5.1 the offer %s is passed over',
    async (offer) => {
      await using client = await connect(offer);
      expect(client.head).not.toMatch(/^sec-websocket-extensions:/im);
      expect(await client.send(frame(TEXT, 'x')).events(1)).toEqual([['text', 'x']]);
    },
  );

  test.each([
    'permessage-deflate; server_max_window_bits=99',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=16',
    'permessage-deflate; unknown',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; server_max_window_bits',
  ])('§7.1 the offer %s is declined, or refused', async (offer) => {
    const status = await connect(offer).then(
      async (client) => {
        const isPlain = !/^sec-websocket-extensions:/im.test(client.head);
        await client[Symbol.asyncDispose]();
        return isPlain ? 101 : 'accepted';
      },
      (error: Error) => (error.message.includes('HTTP/1.1 400 ') ? 400 : error.message),
    );
    expect([101, 400]).toContain(status);
  });

  test.each<[string, readonly Buffer[], number]>([
    [
      'RSV1 on a continuation',
      [
        frame(TEXT, deflated('ab').subarray(0, 2), { fin: false, rsv: RSV1 }),
        frame(CONTINUATION, deflated('ab').subarray(2), { rsv: RSV1 }),
      ],
      1002,
    ],
    ['RSV1 on a ping', [frame(PING, '', { rsv: RSV1 })], 1002],
    ['RSV2', [frame(TEXT, 'a', { rsv: 2 })], 1002],
    ['what no deflate stream is', [frame(TEXT, Buffer.alloc(20, 0xff), { rsv: RSV1 })], 1007],
    ['what is no UTF-8 when inflated', [frame(TEXT, deflated(Buffer.from([0xff, 0xfe])), { rsv: RSV1 })], 1007],
    ['ten MB of zeros in ten KB', [frame(BINARY, deflated(Buffer.alloc(10_000_000)), { rsv: RSV1 })], 1009],
  ])('§6, §8.2 %s fails', async (_what, frames, code) => {
    await using client = await connect();
    const events = await client.send(...frames).ended();
    expect(events).toEqual([['close', code, '']]);
  });

  test("§7.2.3 empty messages, compressed and not, and messages inside one another's window", async () => {
    await using client = await connect();
    const long = prose(3_000);
    client.send(
      frame(TEXT, Buffer.from([0]), { rsv: RSV1 }),
      frame(TEXT),
      frame(TEXT, deflated(long), { rsv: RSV1 }),
      frame(PING, 'x'),
      frame(TEXT, deflated(long), { rsv: RSV1 }),
    );
    await client.until(() => client.reader.events.length === 5, 'five events');
    expect(client.reader.events.filter(([kind]) => kind === 'text')).toEqual([
      ['text', ''],
      ['text', ''],
      ['text', long],
      ['text', long],
    ]);
  });
});
