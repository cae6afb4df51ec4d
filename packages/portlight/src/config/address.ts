import { isIP } from 'node:net';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';

/** Where a server listens: an IP address or a host name, and a port, 0 for any free one. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const TCP_URL = /^tcp:\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?$/;

/**
 * The address and port as a server is given them: an IP address, a host name, or `tcp://host:port`, whose port wins.
 *
 * @throws {ConfigError} when either is none
 */
export function parseAddress(address: unknown = DEFAULTS.address, port: unknown = DEFAULTS.port): ServerAddress {
  if (typeof address !== 'string') throw new ConfigError(`The address of a server must be a string, not ${String(address)}.`);
  const url = TCP_URL.exec(address);
  const host = (url?.[1] ?? address).replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0 && !HOST_NAME.test(host)) {
    throw new ConfigError(`${JSON.stringify(address)} is no address: give an IP address, a host name, or tcp://host:port.`);
  }
  return { address: host, port: parsePort(url?.[2] === undefined ? port : Number(url[2])) };
}

/** @throws {ConfigError} when the value is no port */
export function parsePort(port: unknown): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigError(`A port is a whole number from 0 to 65535, not ${typeof port === 'string' ? JSON.stringify(port) : String(port)}.`);
}
