import { expect, test } from 'vitest';
import { unmapAddress } from '../../src/request/client-address.ts';

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::FFFF:10.0.0.1', '10.0.0.1'],
  ['::1', '::1'],
  ['2001:db8::ffff:1.2.3.4', '2001:db8::ffff:1.2.3.4'],
  ['', ''],
])('the address %j is shown as %j', (address, shown) => {
  expect(unmapAddress(address)).toBe(shown);
});
