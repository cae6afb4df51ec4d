import { describe, expect, test } from 'vitest';
import { parseTrustProxy } from '../../src/config/trust-proxy.ts';
import { HttpServer } from '../../src/index.ts';

describe('trustProxy', () => {
  test.each<[readonly string[], string, boolean]>([
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['127.0.0.1'], '127.0.0.1', true],
    [['127.0.0.1'], '127.0.0.2', false],
    [['::1'], '0:0:0:0:0:0:0:1', true],
    [['fd00::/8'], 'fd12:3456::1', true],
    [['fd00::/8'], '2001:db8::1', false],
    [['0.0.0.0/0'], '203.0.113.5', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['unix'], '', true],
    [['10.0.0.0/8'], '', false],
    [[], '127.0.0.1', false],
    [['10.0.0.0/8'], 'no address', false],
  ])('%j trusts %s: %s', (ranges, address, isTrusted) => {
    expect(parseTrustProxy(ranges)?.(address)).toBe(isTrusted);
  });

  test.each([
    [true],
    [1],
    ['10.0.0.0/8'],
    [null],
    [{}],
    [['10.0.0.0/33']],
    [['::/129']],
    [['300.1.1.1']],
    [['loopback']],
    [['10.0.0.0/']],
    [['10.0.0.0/08']],
    [new Set(['::1'])],
    [[7]],
    [['']],
  ])('refuses %j where it is given', (value) => {
    expect(() => new HttpServer('127.0.0.1', 0, { trustProxy: value as never })).toThrow(
      expect.objectContaining({
        code: 'ERR_PORTLIGHT_INVALID_OPTION',
        message: expect.stringContaining('trustProxy') as unknown,
      }),
    );
  });

  test('takes a function, of which only true counts', () => {
    expect(parseTrustProxy((address: string) => address === 'a')?.('a')).toBe(true);
    expect(parseTrustProxy(() => 1 as never)?.('a')).toBe(false);
    expect(parseTrustProxy(false)).toBeUndefined();
    expect(() => parseTrustProxy(() => Promise.reject(new Error('late')) as never)?.('a')).toThrow(/promise/);
  });
});
