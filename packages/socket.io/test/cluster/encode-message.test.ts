import { describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from '../../src/cluster/encode-message.ts';

describe('a message between servers', () => {
  test.each([
    [{ type: 3, data: { packet: { data: ['told', 'ä😀', null, [1, 2]] }, opts: { rooms: [], flags: {} } } }],
    ['a text'],
    [null],
    [[]],
  ])('is text where there are no bytes: %j', (message) => {
    const payload = encodeMessage(message);
    expect(payload).toBeTypeOf('string');
    expect(decodeMessage(payload)).toEqual(message);
  });

  test('has its bytes in their places, of every kind', () => {
    const message = {
      buffer: Buffer.from([0, 255, 10]),
      array: new Uint8Array([1, 2, 3]).subarray(1),
      plain: new Uint8Array([4]).buffer,
      view: new DataView(new Uint8Array([5, 6]).buffer, 1),
      numbers: new Uint16Array([0x0102]),
      list: ['x', [Buffer.alloc(0)], Buffer.from('ä')],
      text: 'between',
    };
    const read = decodeMessage(encodeMessage(message)) as Record<string, Buffer> & { list: [string, [Buffer], Buffer] };
    const { list, text, ...bytes } = read;
    expect(text).toBe('between');
    expect(Object.entries(bytes).map(([name, value]) => [name, Buffer.isBuffer(value), [...value]])).toEqual([
      ['buffer', true, [0, 255, 10]],
      ['array', true, [2, 3]],
      ['plain', true, [4]],
      ['view', true, [6]],
      ['numbers', true, [2, 1]],
    ]);
    expect([list[0], list[1][0].byteLength, String(list[2])]).toEqual(['x', 0, 'ä']);
  });

  test('is what clients would get of it', () => {
    const message = { at: new Date(0), none: undefined, own: { toJSON: () => 'as it says' }, bytes: Buffer.from('b') };
    expect(decodeMessage(encodeMessage(message))).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      own: 'as it says',
      bytes: Buffer.from('b'),
    });
  });

  test('takes no text for bytes, whatever it is like', () => {
    const [, mark] = /"mark":"([^"]+)"/.exec(Buffer.from(encodeMessage([Buffer.from('x')])).toString('latin1')) ?? [];
    const message = { mark: 'mark', sizes: [1], message: `${mark?.slice(1)}0`, bytes: Buffer.from('x') };
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });

  test('throws where there is no JSON for it', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => encodeMessage(circle)).toThrow(TypeError);
    expect(() => encodeMessage({ big: 1n })).toThrow(TypeError);
  });
});
