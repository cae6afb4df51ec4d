import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Seat } from '../../src/backplane/admission.ts';
import { MemoryAdmission } from '../../src/backplane/memory-admission.ts';

/** How many seats each address is given before there is one too few, and which limit that is. */
function fill(admission: MemoryAdmission, ...addresses: readonly string[]): readonly string[] {
  return addresses.map((address) => {
    const outcome = admission.reserve(address);
    return typeof outcome === 'string' ? outcome : 'seat';
  });
}

describe('admission in memory', () => {
  test('counts in all and for each address, and says which limit leaves no seat', () => {
    const admission = new MemoryAdmission(3, 2);
    expect(fill(admission, '192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3')).toEqual([
      'seat',
      'seat',
      'address',
      'seat',
      'all',
    ]);
  });

  test.each([
    ['addresses of one /56', '2001:db8:0:1200::1', '2001:db8:0:12ff::2'],
    ['an address in two spellings', '2001:db8:0:1200::1', '2001:DB8::1200:0:0:0:1'],
    ['IPv4 and its mapped form', '192.0.2.1', '::ffff:192.0.2.1'],
    ['IPv4 and its mapped form in hex', '192.0.2.1', '::ffff:c000:201'],
    ['a zone and another', 'fe80::1%eth0', 'fe80::1%eth1'],
  ])('counts %s as one', (_, one, other) => {
    expect(fill(new MemoryAdmission(9, 1), one, other)).toEqual(['seat', 'address']);
  });

  test.each([
    ['two networks', '2001:db8:0:1200::1', '2001:db8:0:1300::1'],
    ['two IPv4 addresses', '192.0.2.1', '192.0.2.2'],
    ['clients without an address', '', ''],
  ])('counts %s as two', (_, one, other) => {
    expect(fill(new MemoryAdmission(9, 1), one, other)).toEqual(['seat', 'seat']);
  });

  test('counts clients without an address in all', () => {
    expect(fill(new MemoryAdmission(2, 1), '', '', '')).toEqual(['seat', 'seat', 'all']);
  });

  test('agrees with a list of those who sit, whatever comes, goes, and goes twice', () => {
    const addresses = ['192.0.2.1', '192.0.2.2', '2001:db8::1', ''];
    const step = fc.oneof(
      fc.record({ kind: fc.constant('come' as const), address: fc.constantFrom(...addresses) }),
      fc.record({ kind: fc.constant('go' as const), index: fc.nat(30) }),
    );
    const limits = fc.record({ max: fc.integer({ min: 1, max: 6 }), maxPerAddress: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 60 }), ({ max, maxPerAddress }, steps) => {
        const admission = new MemoryAdmission(max, maxPerAddress);
        const given: Seat[] = [];
        const sitting = new Map<Seat, string>();
        for (const each of steps) {
          if (each.kind === 'go') {
            const seat = given[each.index];
            seat?.release();
            if (seat !== undefined) sitting.delete(seat);
            continue;
          }
          const ofAddress = [...sitting.values()].filter((address) => address === each.address).length;
          const isFull = each.address !== '' && ofAddress >= maxPerAddress;
          const expected = sitting.size >= max ? 'all' : isFull ? 'address' : 'seat';
          const outcome = admission.reserve(each.address);
          expect(typeof outcome === 'string' ? outcome : 'seat').toBe(expected);
          if (typeof outcome === 'string') continue;
          given.push(outcome);
          sitting.set(outcome, each.address);
        }
      }),
    );
  });
});
