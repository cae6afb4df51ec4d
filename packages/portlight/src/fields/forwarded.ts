import { isIP, SocketAddress } from 'node:net';
import { isHost } from './host.ts';

/** What one proxy says of whom it served. */
export interface Hop {
  /** `undefined` where it does not tell, or tells what is no address. */
  readonly address: string | undefined;
  readonly port: number;
  readonly protocol: string | undefined;
  readonly host: string | undefined;
}

const PAIR = /^\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))\s*$/;
const NODE = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}|_[A-Za-z0-9._-]+))?$/;

/** The hops of an `X-Forwarded-For`, the nearest last. */
export function parseForwardedFor(field: string): readonly Hop[] {
  return field.split(',').map((entry) => ({ ...parseNode(entry.trim()), protocol: undefined, host: undefined }));
}

/** The hops of a `Forwarded` field (RFC 7239 §4), the nearest last; of one that is malformed, no address is known. */
export function parseForwarded(field: string): readonly Hop[] {
  return splitOutsideQuotes(field, ',').map(parseElement);
}

function parseElement(element: string): Hop {
  const parameters = new Map<string, string>();
  for (const part of splitOutsideQuotes(element, ';')) {
    const [, name = '', quoted, token] = PAIR.exec(part) ?? [];
    const key = name.toLowerCase();
    if (key === '' || parameters.has(key)) return { address: undefined, port: 0, protocol: undefined, host: undefined };
    parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? token ?? '');
  }
  const host = parameters.get('host');
  return {
    ...parseNode(parameters.get('for') ?? ''),
    protocol: parameters.get('proto')?.toLowerCase(),
    host: host !== undefined && isHost(host) ? host : undefined,
  };
}

/**
 * `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80` (RFC 7239 §6); a name or `unknown` is no address.
 */
function parseNode(node: string): Pick<Hop, 'address' | 'port'> {
  if (isIP(node) === 6) return { address: canonical(node), port: 0 };
  const [, v6, v4, port = '0'] = NODE.exec(node) ?? [];
  if (Number(port) > 65_535) return { address: undefined, port: 0 };
  if (v6 !== undefined) return { address: isIP(v6) === 6 ? canonical(v6) : undefined, port: Number(port) || 0 };
  return { address: isIP(v4 ?? '') === 4 ? v4 : undefined, port: Number(port) || 0 };
}

/** An IPv6 address has many spellings, and is one client (RFC 5952). */
function canonical(address: string): string {
  return new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address;
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (isQuoted && character === '\\') index += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
