import { describe, expect, test } from 'vitest';
import { parseRange } from '../../src/fields/range.ts';

describe('a Range field (RFC 9110 §14.1.2) for ten bytes', () => {
  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-9', 0, 10],
    ['bytes=0-', 0, 10],
    ['bytes=9-', 9, 10],
    ['bytes=3-5', 3, 6],
    ['bytes=5-100', 5, 10],
    ['bytes=-1', 9, 10],
    ['bytes=-10', 0, 10],
    ['bytes=-11', 0, 10],
    ['bytes=-999999999999999', 0, 10],
    ['bytes=0-999999999999999', 0, 10],
    ['BYTES=1-2', 1, 3],
    ['bytes= 1-2 ', 1, 3],
    ['bytes=000-001', 0, 2],
  ])('%j asks for %i to before %i', (field, start, end) => {
    expect(parseRange(field, 10)).toEqual({ start, end });
  });

  test.each(['bytes=10-', 'bytes=10-20', 'bytes=99-', 'bytes=-0', 'bytes=999999999999999-'])(
    '%j asks for nothing there is',
    (field) => {
      expect(parseRange(field, 10)).toBe('unsatisfiable');
    },
  );

  test.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=a-b',
    'bytes=1',
    'bytes=--1',
    'bytes=1--2',
    'bytes=1-2-3',
    'bytes=+1-2',
    'bytes=1.0-2',
    'bytes=0x1-2',
    'bytes=1e0-2',
    'items=0-1',
    'bytes:0-1',
    'bytes = 0-1',
    'bytes=0-1,3-4',
    'bytes=-,0-',
    'bytes=0-1,',
    'bytes=0-, 0-, 0-',
    `bytes=${'0-,'.repeat(5_000)}`,
    'bytes=9999999999999999999999-',
    '\u0660-\u0661',
  ])('%j asks for the whole', (field) => {
    expect(parseRange(field, 10)).toBe(undefined);
  });

  test.each(['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=-0'])(
    '%j asks an empty file for nothing there is',
    (field) => {
      expect(parseRange(field, 0)).toBe('unsatisfiable');
    },
  );
});
