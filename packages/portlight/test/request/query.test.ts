import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuery } from '../../src/request/query.ts';

describe('parseQuery (WHATWG URL §5.1)', () => {
  test.each<[string, Record<string, string | string[]>]>([
    ['', {}],
    ['a=1', { a: '1' }],
    ['a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=b', { '': 'b' }],
    ['a[]=1', { 'a[]': '1' }],
    ['a[b]=1', { 'a[b]': '1' }],
    ['a=1,2', { a: '1,2' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=b+c', { a: 'b c' }],
    ['a=%2B', { a: '+' }],
    ['a+b=c', { 'a b': 'c' }],
    ['&&a=1&', { a: '1' }],
    ['%C3%A9=%26', { é: '&' }],
    ['a=%2541', { a: '%41' }],
  ])('reads %j', (search, query) => {
    expect({ ...parseQuery(search) }).toEqual(query);
  });

  test('agrees with URLSearchParams', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '&', '=', '+', ' ', '%', 'é', ';', '[', ']'),
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 8 }), (pairs) => {
        const standard = new URLSearchParams(pairs);
        const query = parseQuery(standard.toString());
        for (const name of new Set(standard.keys())) {
          const values = standard.getAll(name);
          expect(query[name]).toEqual(values.length === 1 ? values[0] : values);
        }
        expect(Object.keys(query)).toHaveLength(new Set(standard.keys()).size);
      }),
    );
  });

  test.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'])(
    'takes %s as any other name',
    (name) => {
      const query = parseQuery(`${name}=1&${name}=2`);
      expect(Object.getPrototypeOf(query)).toBe(null);
      expect(query[name]).toEqual(['1', '2']);
      expect(Object.keys(query)).toEqual([name]);
      expect(({} as Record<string, unknown>)['1']).toBe(undefined);
    },
  );

  test.each(['a=%', 'a=%2', '%zz=1', 'a=%ff', 'a=%c0%af'])('refuses the malformed escape in %s with 400', (search) => {
    expect(() => parseQuery(search)).toThrow(expect.objectContaining({ status: 400 }));
  });

  test('takes 1,000 parameters and refuses one more with 400', () => {
    const thousand = Array.from({ length: 1_000 }, (_, index) => `p${index}=`).join('&');
    expect(Object.keys(parseQuery(thousand))).toHaveLength(1_000);
    expect(() => parseQuery(`${thousand}&one=more`)).toThrow(expect.objectContaining({ status: 400 }));
  });
});
