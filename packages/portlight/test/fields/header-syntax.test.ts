import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerProblem, isToken } from '../../src/fields/header-syntax.ts';

describe('header syntax (RFC 9110 §5.5, §5.6.2)', () => {
  test.each(['GET', 'x-a', "!#$%&'*+-.^_`|~09AZaz", '__proto__'])('%j is a token', (text) => {
    expect(isToken(text)).toBe(true);
  });

  test.each(['', ' ', 'a b', 'a:', 'a/b', '"a"', 'ä', 'a\n', '(a)', 'a,b', '@', '{a}'])('%j is no token', (text) => {
    expect(isToken(text)).toBe(false);
  });

  test('finds no problem in a value exactly when Node would send it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (value) => {
        const isSendable = [...value].every((char) => {
          const point = char.codePointAt(0) as number;
          return point === 9 || (point >= 0x20 && point <= 0xff && point !== 0x7f);
        });
        expect(headerProblem('x-a', value) === undefined).toBe(isSendable);
      }),
    );
  });

  test('names the header and the character, never the value', () => {
    expect(headerProblem('x-a', 'secret\r\n')).toBe('The header x-a holds U+000D, which no header may hold.');
  });

  test.each([
    ['an object with a toString', { toString: () => 'a' }, 'object'],
    ['an array', ['a'], 'object'],
    ['a number', 1, 'number'],
    ['undefined', undefined, 'undefined'],
    ['a symbol', Symbol('a'), 'symbol'],
  ])('wants text, not %s', (_what, value, type) => {
    expect(headerProblem('x-a', value)).toBe(`The header x-a needs a string or a number, not ${type}.`);
  });

  test.each([[undefined], [1], [{}], ['a b']])('%j is no header name', (name) => {
    expect(headerProblem(name, 'a')).toMatch(/is no header name\.$/);
  });
});
