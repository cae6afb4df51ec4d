import { isIPv6 } from 'node:net';

/**
 * The key of a client address: who can change its address at will within a network must not become a new client by it.
 *
 * IPv4 stays as it is. IPv6 becomes its /56, what a household is given at most, in one spelling:
 * `2001:db8:0:1200::/56`. An IPv4 address that is mapped into IPv6, in any spelling, is the IPv4 address (RFC 4291
 * §2.5.5.2). A zone (`%eth0`) counts for nothing. Any other text stays as it is.
 *
 * @example addressKey('::ffff:7f00:1') // '127.0.0.1'
 */
export function addressKey(address: string): string {
  if (!address.includes(':') || !isIPv6(address)) return address;
  const groups = parseGroups(address);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  if ((a | b | c | d | e) === 0 && f === 0xffff) return `${g >> 8}.${g & 0xff}.${h >> 8}.${h & 0xff}`;
  return formatNetwork([a, b, c, d & 0xff00]);
}

/** The eight groups of an address that is known to be one. */
function parseGroups(address: string): number[] {
  const zone = address.indexOf('%');
  const [head = '', tail] = (zone === -1 ? address : address.slice(0, zone)).split('::');
  const front = readGroups(head);
  const back = tail === undefined ? [] : readGroups(tail);
  while (front.length + back.length < 8) front.push(0);
  return front.concat(back);
}

function readGroups(text: string): number[] {
  const groups: number[] = [];
  if (text === '') return groups;
  for (const part of text.split(':')) {
    if (part.includes('.')) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      groups.push((a << 8) | b, (c << 8) | d);
    } else {
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** The last four groups are zero, so the longest run of zeros is at the end (RFC 5952 §4.2). */
function formatNetwork(groups: number[]): string {
  while (groups.at(-1) === 0) groups.pop();
  return `${groups.map((group) => group.toString(16)).join(':')}::/56`;
}
