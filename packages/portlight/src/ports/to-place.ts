import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ParsedAddress } from '../config/address.ts';
import { clearStaleSocket } from './unix-socket.ts';

/** Where the system is to listen: a file, or a port of an IP address. */
export type Place = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Where Node is to listen. A name is resolved here, as nothing ends a lookup of Node's own: it would listen after a
 * stop.
 */
export async function toPlace({ protocol, address, port }: ParsedAddress): Promise<Place> {
  if (protocol !== 'unix') return { host: isIP(address) === 0 ? (await lookup(address)).address : address, port };
  await clearStaleSocket(address);
  return { path: address };
}
