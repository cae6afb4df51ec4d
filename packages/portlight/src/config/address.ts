import { isIP } from 'node:net';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';

/** Where a server listens. */
export interface ServerAddress {
  /** An IP address, a host name, or the path of a unix socket. */
  readonly address: string;
  /** 0 for any free one, and with a unix socket. */
  readonly port: number;
}

/** The address as it was given. */
export interface ParsedAddress extends ServerAddress {
  readonly protocol: 'tcp' | 'tls' | 'unix';
}

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const LOOKS_LIKE_IPV4 = /^[\d.]+$/;
const NETWORK_URL = /^(tcp|tls):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?$/;
const UNIX_URL = /^unix:\/\/(\/[^\0]+)$/;
/** What the kernel takes (unix(7)), less the NUL at the end. */
const MOST_PATH_BYTES = 107;

/**
 * The address and port as a server is given them: an IP address, a host name, `tcp://host:port`, `tls://host:port`,
 * whose port wins, or `unix:///path`.
 *
 * @throws {ConfigError} when either is none
 */
export function parseAddress(address: unknown = DEFAULTS.address, port: unknown = DEFAULTS.port): ParsedAddress {
  if (typeof address !== 'string')
    throw new ConfigError(`The address of a server must be a string, not ${String(address)}.`);
  const path = UNIX_URL.exec(address)?.[1];
  if (path !== undefined) return parsePath(path);
  const [, protocol = 'tcp', urlHost, urlPort] = NETWORK_URL.exec(address) ?? [];
  const host = (urlHost ?? address).replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0 && (!HOST_NAME.test(host) || LOOKS_LIKE_IPV4.test(host))) {
    throw new ConfigError(
      `${JSON.stringify(address)} is no address: give an IP address, a host name, tcp://host:port, tls://host:port or unix:///path.`,
    );
  }
  return {
    protocol: protocol as 'tcp' | 'tls',
    address: host,
    port: parsePort(urlPort === undefined ? port : Number(urlPort)),
  };
}

/** @throws {ConfigError} when the value is no port */
export function parsePort(port: unknown): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigError(
    `A port is a whole number from 0 to 65535, not ${typeof port === 'string' ? JSON.stringify(port) : String(port)}.`,
  );
}

function parsePath(path: string): ParsedAddress {
  if (Buffer.byteLength(path) <= MOST_PATH_BYTES) return { protocol: 'unix', address: path, port: 0 };
  throw new ConfigError(
    `The path of a unix socket has at most ${MOST_PATH_BYTES} bytes; ${JSON.stringify(path)} has more.`,
  );
}
