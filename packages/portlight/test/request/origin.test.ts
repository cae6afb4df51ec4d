import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTrustProxy } from '../../src/config/trust-proxy.ts';
import { findOrigin, type Peer } from '../../src/request/origin.ts';

const PROXIES = ['10.0.0.0/8', '::1', '2001:db8:1::/48'];
const trusts = parseTrustProxy(PROXIES);

function peer(fields: Readonly<Record<string, string>>, address = '10.0.0.1'): Peer {
  return { address, port: 1_234, isSecure: false, host: undefined, header: (name) => fields[name] };
}

const addressOf = (fields: Readonly<Record<string, string>>, address?: string): string =>
  findOrigin(peer(fields, address), trusts).address;

describe('the address of a client', () => {
  test.each<[string, string, string]>([
    ['is the right-most entry that is no proxy', '198.51.100.1', '198.51.100.1'],
    ['is not what the client wrote before it', '6.6.6.6, 7.7.7.7, 198.51.100.1', '198.51.100.1'],
    ['lies before the trusted proxies', '6.6.6.6, 198.51.100.1, 10.0.0.9,10.1.2.3', '198.51.100.1'],
    ['is the left-most of those that are all trusted', '10.0.0.7, 10.0.0.8', '10.0.0.7'],
    ['has its port taken off', '198.51.100.1:4711', '198.51.100.1'],
    ['may be IPv6', '2001:db8::7', '2001:db8::7'],
    ['may be IPv6 with brackets and a port', '[2001:db8::7]:80', '2001:db8::7'],
    ['is unwrapped', '::ffff:198.51.100.1', '198.51.100.1'],
    ['is unwrapped in another spelling', '::ffff:c633:6401', '198.51.100.1'],
    ['is written in one way', '2001:DB8:0::1', '2001:db8::1'],
    ['has no zone', 'fe80::1%eth0', 'fe80::1'],
    ['is the peer when the port is none', '198.51.100.1:99999', '10.0.0.1'],
    ['is the peer when the entry is a name', 'unknown', '10.0.0.1'],
    ['is the peer when the entry is no address', '999.1.1.1', '10.0.0.1'],
    ['is the peer when an entry on the way is no address', '198.51.100.1, nonsense, 10.0.0.9', '10.0.0.1'],
    ['is the peer when the last entry is empty', '198.51.100.1,', '10.0.0.1'],
    ['is the peer when the field is empty', '', '10.0.0.1'],
    ['is found among many entries', `${'1.1.1.1, '.repeat(200)}198.51.100.1`, '198.51.100.1'],
  ])('in X-Forwarded-For %s', (_what, field, expected) => {
    expect(addressOf({ 'x-forwarded-for': field })).toBe(expected);
  });

  test.each<[string, string, string]>([
    ['a token', 'for=198.51.100.1', '198.51.100.1'],
    ['a port', 'for="198.51.100.1:80"', '198.51.100.1'],
    ['IPv6', 'FOR="[2001:db8::7]:4711";proto=http', '2001:db8::7'],
    ['several elements', 'for=6.6.6.6, for=198.51.100.1;by=10.0.0.3 , for=10.0.0.9', '198.51.100.1'],
    ['a comma inside quotes', 'for=198.51.100.1;by="a,b"', '198.51.100.1'],
    ['a hidden node', 'for=_hidden', '10.0.0.1'],
    ['no address at all', 'proto=https', '10.0.0.1'],
    ['a name twice', 'for=198.51.100.1;for=7.7.7.7', '10.0.0.1'],
    ['an open quote', 'for="198.51.100.1', '10.0.0.1'],
    ['what is no pair', 'for=198.51.100.1;;', '10.0.0.1'],
  ])('in Forwarded with %s', (_what, field, expected) => {
    expect(addressOf({ forwarded: field })).toBe(expected);
  });

  test("is the peer where the two fields do not agree, for one of them is the client's", () => {
    expect(addressOf({ 'x-forwarded-for': '198.51.100.1', forwarded: 'for=6.6.6.6' })).toBe('10.0.0.1');
    expect(addressOf({ 'x-forwarded-for': '198.51.100.1', forwarded: 'for=198.51.100.1;proto=https' })).toBe(
      '198.51.100.1',
    );
    expect(addressOf({ 'x-forwarded-for': '2001:db8:0::1', forwarded: 'for="[2001:DB8::1]"' })).toBe('2001:db8::1');
  });

  test('is the peer that is no proxy, whatever it says', () => {
    const forged = {
      'x-forwarded-for': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      'x-real-ip': '6.6.6.6',
      'cf-connecting-ip': '6.6.6.6',
    };
    expect(findOrigin(peer(forged, '198.51.100.9'), trusts)).toEqual({
      address: '198.51.100.9',
      port: 1_234,
      isSecure: false,
      host: undefined,
    });
    expect(findOrigin(peer(forged), undefined)).toEqual({
      address: '10.0.0.1',
      port: 1_234,
      isSecure: false,
      host: undefined,
    });
  });

  test('never is one that a client could choose, whatever it writes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii', maxLength: 60 }),
        fc.string({ unit: 'binary-ascii', maxLength: 60 }),
        (written, other) => {
          // The proxy appends what it saw; the client wrote the rest, and all of the field that the proxy does not
          // know.
          const found = addressOf({ 'x-forwarded-for': `${written}, 198.51.100.1`, forwarded: other });
          expect(['198.51.100.1', '10.0.0.1']).toContain(found);
        },
      ),
    );
  });
});

describe('protocol and host', () => {
  test.each<[string, Readonly<Record<string, string>>, boolean, string | undefined]>([
    [
      'from the X- fields',
      { 'x-forwarded-for': '198.51.100.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' },
      true,
      'shop.example',
    ],
    [
      'the last where there are several',
      {
        'x-forwarded-for': '198.51.100.1',
        'x-forwarded-proto': 'https, http',
        'x-forwarded-host': 'evil.example, shop.example:8443',
      },
      false,
      'shop.example:8443',
    ],
    [
      'from Forwarded',
      { forwarded: 'for=198.51.100.1;proto=HTTPS;host="shop.example:8443"' },
      true,
      'shop.example:8443',
    ],
    ['not from what is no host', { 'x-forwarded-for': '198.51.100.1', 'x-forwarded-host': 'a/b@c' }, false, undefined],
    [
      'not from what is no protocol',
      { 'x-forwarded-for': '198.51.100.1', 'x-forwarded-proto': 'gopher' },
      false,
      undefined,
    ],
  ])('%s', (_what, fields, isSecure, host) => {
    expect(findOrigin(peer(fields), trusts)).toMatchObject({ isSecure, host });
  });
});
