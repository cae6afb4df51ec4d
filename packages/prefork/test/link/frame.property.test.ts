import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type Frame, FrameReader } from '../../src/link/frame.ts';

const frames: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom(0, 1, 2, 3),
  id: fc.nat({ max: 2 ** 32 - 1 }),
  name: fc.string({ unit: 'grapheme' }).map((name) => name.replaceAll('\n', '')),
  data: fc.option(fc.jsonValue({ stringUnit: 'grapheme' }), { nil: undefined }),
  body: fc.option(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    { nil: undefined },
  ),
}) as fc.Arbitrary<Frame>;

describe('frames', () => {
  it('come out as they went in, whatever the pieces', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40 })), (sent, cuts) => {
        const bytes = Buffer.concat(sent.flatMap(encodeFrame));
        const reader = new FrameReader();
        const read: Frame[] = [];
        let at = 0;
        for (let index = 0; at < bytes.byteLength; index++) {
          const size = cuts.length === 0 ? bytes.byteLength : (cuts[index % cuts.length] as number);
          read.push(...reader.read(bytes.subarray(at, at + size)));
          at += size;
        }
        const plain = JSON.stringify(sent.map(({ body, ...rest }) => ({ ...rest, body: body?.toString() })));
        expect(JSON.stringify(read.map(({ body, ...rest }) => ({ ...rest, body: body?.toString() })))).toBe(plain);
      }),
    );
  });
});
