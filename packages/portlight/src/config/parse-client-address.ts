import { ConfigError } from '../errors/config-error.ts';
import { unmapAddress } from '../request/client-address.ts';

/**
 * @returns `undefined` where none is given
 * @throws {ConfigError} on a second argument, as those would give who takes this for an event emitter
 */
export function parseClientAddress(address: unknown, rest: readonly unknown[], call: 'on' | 'off'): string | undefined {
  if (rest.length > 0)
    throw new ConfigError(
      `${call} marks a client by its address and takes no handler; hooks are onStart, onShutdown, connect and disconnect.`,
    );
  if (address === undefined) return undefined;
  if (typeof address !== 'string' || address === '')
    throw new ConfigError(`${call} takes the address of a client, not ${JSON.stringify(address) ?? typeof address}.`);
  return unmapAddress(address);
}
