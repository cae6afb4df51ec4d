import { type Hop, parseForwarded, parseForwardedFor } from '../fields/forwarded.ts';
import { isHost } from '../fields/host.ts';
import { unmapAddress } from './client-address.ts';

/** Whether a peer of that address is a proxy whose word is taken. A peer of a unix socket has the empty string. */
export type TrustCheck = (address: string) => boolean;

/** Who asks, and what for. */
export interface Origin {
  readonly address: string;
  /** 0 where it is not known. */
  readonly port: number;
  readonly isSecure: boolean;
  /** The host that the client asked for, where a proxy says it. */
  readonly host: string | undefined;
}

/** The peer of the connection, and the fields its request brought. */
export interface Peer extends Origin {
  header(name: string): string | undefined;
}

/**
 * The client of a request: the peer, or, where that is a trusted proxy, the right-most address in `X-Forwarded-For` or
 * `Forwarded` that is none. What stands left of it, the client may have written. An entry that cannot be read, or two
 * fields that do not agree, leave the peer.
 */
export function findOrigin(peer: Peer, trusts: TrustCheck | undefined): Origin {
  const direct: Origin = { address: peer.address, port: peer.port, isSecure: peer.isSecure, host: undefined };
  if (trusts === undefined || !trusts(peer.address)) return direct;
  const [listed, named] = [peer.header('x-forwarded-for'), peer.header('forwarded')];
  const byList = listed === undefined ? undefined : findClient(parseForwardedFor(listed), trusts);
  const byName = named === undefined ? undefined : findClient(parseForwarded(named), trusts);
  const isDoubtful =
    byList === null ||
    byName === null ||
    (byList !== undefined && byName !== undefined && byList.address !== byName.address);
  const { address, port, protocol, host } = (isDoubtful ? undefined : (byName ?? byList)) ?? {
    ...direct,
    protocol: undefined,
  };
  return {
    address,
    port,
    isSecure: isSecure(protocol ?? lastOf(peer.header('x-forwarded-proto'))?.toLowerCase(), peer.isSecure),
    host: host ?? validHost(lastOf(peer.header('x-forwarded-host'))),
  };
}

type Client = Hop & { readonly address: string };

/** The first from the right that is not trusted, or the left-most; `null` when an entry on the way is no address. */
function findClient(hops: readonly Hop[], trusts: TrustCheck): Client | null {
  let client: Client | null = null;
  for (const hop of hops.toReversed()) {
    if (hop.address === undefined) return null;
    client = { ...hop, address: unmapAddress(hop.address) };
    if (!trusts(client.address)) return client;
  }
  return client;
}

/** The nearest proxy writes last; what stands before may be the client's. */
function lastOf(field: string | undefined): string | undefined {
  return field?.slice(field.lastIndexOf(',') + 1).trim();
}

function isSecure(protocol: string | undefined, otherwise: boolean): boolean {
  if (protocol === 'https' || protocol === 'wss') return true;
  return protocol === 'http' || protocol === 'ws' ? false : otherwise;
}

function validHost(host: string | undefined): string | undefined {
  return host !== undefined && isHost(host) ? host : undefined;
}
