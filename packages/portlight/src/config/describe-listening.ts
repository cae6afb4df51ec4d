import type { ParsedAddress } from './address.ts';
import type { ServerConfig } from './server-options.ts';

/** The sentence that says where a server listens. */
export function describeListening(
  { address, port }: { readonly address: string; readonly port: number },
  { at, config }: { readonly at: ParsedAddress; readonly config: ServerConfig },
): string {
  if (at.protocol === 'unix') return `Listening on the socket ${address}.`;
  const host = address.includes(':') ? `[${address}]` : address;
  return `Listening on ${config.tls === undefined ? 'http' : 'https'}://${host}:${port}.`;
}
