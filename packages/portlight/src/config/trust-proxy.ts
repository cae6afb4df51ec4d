import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../errors/config-error.ts';
import { notAtOnce } from '../request/to-text.ts';
import type { TrustCheck } from '../request/origin.ts';

/**
 * Which peers are proxies whose word is taken: ranges such as `'10.0.0.0/8'`, addresses, `'unix'` for peers of a unix
 * socket; or a function.
 */
export type TrustProxy = false | readonly string[] | TrustCheck;

const HINT = "a list of ranges such as ['10.0.0.0/8', '::1'], a function (address) => boolean, or false";

/** @throws {ConfigError} on anything else: `true` or a number of hops would let clients choose their address */
export function parseTrustProxy(value: unknown): TrustCheck | undefined {
  if (value === undefined || value === false) return undefined;
  if (typeof value === 'function') return (address) => isTrusted((value as (address: string) => unknown)(address));
  if (!Array.isArray(value)) throw invalid(value);
  const entries = value as readonly unknown[];
  const trusted = new BlockList();
  for (const entry of entries) if (entry !== 'unix') addRange(trusted, entry);
  const trustsUnix = entries.includes('unix');
  return (address) => {
    const version = isIP(address);
    return version === 0 ? address === '' && trustsUnix : trusted.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}

function isTrusted(answer: unknown): boolean {
  if (typeof answer === 'object' && answer !== null) throw notAtOnce(answer, 'trustProxy');
  return answer === true;
}

function addRange(trusted: BlockList, entry: unknown): void {
  const [, address = '', bits] =
    typeof entry === 'string' ? (/^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(entry) ?? []) : [];
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  if (version === 0 || Number(bits ?? most) > most) throw invalid(entry);
  trusted.addSubnet(address, Number(bits ?? most), version === 6 ? 'ipv6' : 'ipv4');
}

function invalid(value: unknown): ConfigError {
  return new ConfigError(
    `The option trustProxy must be ${HINT}, not ${typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value)}.`,
    'ERR_PORTLIGHT_INVALID_OPTION',
  );
}
