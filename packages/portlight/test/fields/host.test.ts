import { describe, expect, test } from 'vitest';
import { isHost } from '../../src/fields/host.ts';

describe('isHost (RFC 3986 §3.2.2)', () => {
  test.each([
    'example.com',
    'example.com:8080',
    'localhost',
    '127.0.0.1:80',
    '[::1]',
    '[2001:db8::1]:443',
    'xn--bcher-kva.example',
    'a_b',
    '1.2.3.4.5',
    '1.2.3.999',
    'xn--a',
    'xn--a:80',
    'a.1',
    '%41',
  ])('%j is a host', (field) => {
    expect(isHost(field)).toBe(true);
  });

  test.each([
    '',
    ' ',
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'user@host',
    'a,b',
    'a\\b',
    '[::',
    '::1',
    'a:b',
    'a:123456',
    'a:80:80',
    'http://a',
    'é.example',
    'a%zz',
    'a\r\nb',
    'a:99999',
    '1.2.3.4.5:99999',
    'a%2fb',
    'a%00',
    'a%40b',
    '%ff',
    '[v1.a]',
    '[:::]',
    'x'.repeat(300),
  ])('%j is no host', (field) => {
    expect(isHost(field)).toBe(false);
  });
});
