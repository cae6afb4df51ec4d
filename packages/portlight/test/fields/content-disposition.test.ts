import { describe, expect, test } from 'vitest';
import { formatAttachment } from '../../src/fields/content-disposition.ts';
import { HeaderList } from '../../src/fields/header-list.ts';

describe('a Content-Disposition (RFC 6266)', () => {
  test.each([
    ['a.txt', 'attachment; filename=a.txt'],
    ['a b.txt', 'attachment; filename="a b.txt"'],
    ['a"b\\c.txt', String.raw`attachment; filename="a\"b\\c.txt"`],
    ['a;b.txt', 'attachment; filename="a;b.txt"'],
    ['näme €.txt', `attachment; filename="n?me ?.txt"; filename*=UTF-8''n%C3%A4me%20%E2%82%AC.txt`],
  ])('gives the name %j', (name, field) => {
    expect(formatAttachment(name)).toBe(field);
  });

  test.each([
    'a\r\nset-cookie: x',
    'a\nb',
    'a\0b',
    '"; evil="',
    '\ud800',
    '名'.repeat(100),
    '',
    '../../x',
    'a%20b',
    "x'y*z",
  ])('of the name %j can be a field', (name) => {
    const field = formatAttachment(name);
    expect(() => new HeaderList([]).append('content-disposition', field)).not.toThrow();
    expect(field).toMatch(/^attachment/);
  });
});
