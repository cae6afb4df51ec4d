import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressKey } from '../src/index.ts';

describe('the key of an address', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::FFFF:127.0.0.1', '127.0.0.1'],
    ['::ffff:7f00:1', '127.0.0.1'],
    ['::ffff:7f00:0001', '127.0.0.1'],
    ['0:0:0:0:0:ffff:127.0.0.1', '127.0.0.1'],
    ['0000:0000:0000:0000:0000:ffff:7f00:0001', '127.0.0.1'],
    ['0::0:ffff:7f00:1', '127.0.0.1'],
    ['::ffff:127.0.0.1%eth0', '127.0.0.1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['::ffff:0:0', '0.0.0.0'],
    ['2001:db8:0:1234:5678:9abc:def0:1', '2001:db8:0:1200::/56'],
    ['2001:0DB8:0000:12ff::', '2001:db8:0:1200::/56'],
    ['2001:db8:0:1300::1', '2001:db8:0:1300::/56'],
    ['2001:db8::1', '2001:db8::/56'],
    ['2001:db8:0:ff::1', '2001:db8::/56'],
    ['2001:0:0:100::1', '2001:0:0:100::/56'],
    ['0:0:0:100::1', '0:0:0:100::/56'],
    ['::1', '::/56'],
    ['::', '::/56'],
    ['fe80::1%eth0', 'fe80::/56'],
    ['fe80::1%25', 'fe80::/56'],
    ['fe80::aa:1', 'fe80::/56'],
    // No mapping, though it looks like one.
    ['::fffe:7f00:1', '::/56'],
    ['::1:ffff:7f00:1', '::/56'],
    ['64:ff9b::1.2.3.4', '64:ff9b::/56'],
  ])('%s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  test.each([
    '',
    'unknown',
    '_hidden',
    'example.com',
    '127.0.0.256',
    '127.0.0.01',
    '127.1',
    '1.2.3.4:80',
    '[::1]',
    '[::1]:80',
    ':::',
    '1::2::3',
    '12345::',
    '::ffff:1.2.3',
    '::ffff:1.2.3.256',
    '1.2.3.4%eth0',
    '::1%',
    '/run/app.sock',
    '__proto__',
    ' ::1',
    'f:'.repeat(100_000),
  ])('%j is no address and stays as it is', (text) => {
    expect(addressKey(text)).toBe(text);
  });

  test('is its own key, for IPv4 and in one network for IPv6', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        groups,
        fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 0xff }),
        (address, rest, low) => {
          fc.pre(address.slice(0, 5).some((group) => group !== 0));
          const [a = 0, b = 0, c = 0, d = 0] = address;
          const neighbour = [a, b, c, (d & 0xff00) | low, ...rest];
          const key = addressKey(spell(address));
          expect(addressKey(spellShort(address))).toBe(key);
          expect(addressKey(spell(neighbour))).toBe(key);
          expect(addressKey(spell([a, b, c, d ^ 0x0100, ...rest]))).not.toBe(key);
          expect(addressKey(key.replace('/56', ''))).toBe(key);
        },
      ),
    );
  });

  test('is one for an IPv4 address in every spelling', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        for (const spelling of [
          address,
          `::ffff:${address}`,
          `0:0:0:0:0:FFFF:${address}`,
          spell([0, 0, 0, 0, 0, 0xffff, a * 256 + b, c * 256 + d]),
          spellShort([0, 0, 0, 0, 0, 0xffff, a * 256 + b, c * 256 + d]),
        ]) {
          expect(addressKey(spelling)).toBe(address);
        }
      }),
    );
  });
});

function spell(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16).toUpperCase().padStart(4, '0')).join(':');
}

/** As the URL parser shortens it. */
function spellShort(groups: readonly number[]): string {
  return new URL(`http://[${spell(groups)}]`).hostname.slice(1, -1);
}
