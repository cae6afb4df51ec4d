import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeUtf8, parseJson } from '../../src/request/json.ts';

const parse = (text: string): unknown => parseJson(Buffer.from(text));
const malformed = expect.objectContaining({ status: 400, code: 'ERR_PORTLIGHT_MALFORMED_BODY' });

describe('parseJson', () => {
  test('gives back every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // Keys that are refused have a test of their own.
        fc.pre(!/"(?:__proto__|constructor)":/.test(JSON.stringify(value)));
        expect(parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each(['', ' ', '{', '{"a":}', '[1,]', "{'a':1}", 'undefined', 'NaN', '01', '{"a":1}x', '"\t"', '1 2'])(
    'refuses %j with 400',
    (text) => {
      expect(() => parse(text)).toThrow(malformed);
    },
  );

  test('says of an empty body that it is empty', () => {
    expect(() => parse('')).toThrow('The body is empty where JSON was expected.');
  });

  test('does not show the body in its message', () => {
    expect(() => parse('{"password":"hunter2"')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') as string }),
    );
  });

  test.each([
    ['a key __proto__', '{"__proto__":{"admin":true}}'],
    ['an escaped key __proto__', String.raw`{"\u005f_proto__":{"admin":true}}`],
    ['a key __proto__, deeper', '[{"a":[{"__proto__":1}]}]'],
    ['an escaped constructor with a prototype', String.raw`{"\u0063onstructor":{"prototype":{"admin":true}}}`],
    ['a constructor with a prototype', '{"constructor":{"prototype":{"admin":true}}}'],
  ])('refuses %s with 400', (_what, text) => {
    expect(() => parse(text)).toThrow(malformed);
    expect(({} as Record<string, unknown>)['admin']).toBe(undefined);
  });

  test.each([
    ['__proto__ as a value', '{"a":"__proto__"}'],
    ['a constructor that is plain data', '{"constructor":"Lego"}'],
    ['a prototype of its own', '{"prototype":1}'],
  ])('takes %s', (_what, text) => {
    expect(JSON.stringify(parse(text))).toBe(text);
  });

  test.each([512])('reads %i levels', (depth) => {
    let value = parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`);
    let levels = 0;
    for (; Array.isArray(value); levels++) value = value[0];
    expect([levels, value]).toEqual([depth, 1]);
  });

  test.each([513, 50_000])('refuses %i levels, which would cost whoever walks through them the stack', (depth) => {
    expect(() => parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`)).toThrow('nested deeper than 512');
    expect(() => parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)).toThrow('nested deeper than 512');
  });

  test('counts no brackets in strings, and those that are closed no more', () => {
    expect(parse(JSON.stringify(['[{'.repeat(2_000), '"\\"['.repeat(2_000)]))).toHaveLength(2);
    expect(parse(`[${'[],'.repeat(2_000)}[]]`)).toHaveLength(2_001);
  });

  test('refuses a megabyte of opening brackets with 400', () => {
    expect(() => parse('['.repeat(1_048_576))).toThrow(malformed);
  });

  test.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['half a character', [0x22, 0xc3, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ])('refuses %s as no UTF-8', (_what, bytes) => {
    expect(() => parseJson(Uint8Array.from(bytes))).toThrow('The body is not valid UTF-8.');
  });

  test('passes over a byte order mark', () => {
    expect(parseJson(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
  });

  test('takes numbers beyond the range of doubles as JSON.parse does', () => {
    expect(parse('1e400')).toBe(Number.POSITIVE_INFINITY);
  });
});

test('decodeUtf8 gives back every text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter((text) => !text.startsWith('\ufeff')),
      (text) => {
        expect(decodeUtf8(Buffer.from(text))).toBe(text);
      },
    ),
  );
});
