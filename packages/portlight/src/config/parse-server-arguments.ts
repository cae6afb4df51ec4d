import { atCaller, type Entry } from '../errors/at-caller.ts';
import { ConfigError } from '../errors/config-error.ts';
import { type ParsedAddress, parseAddress } from './address.ts';
import { explainServer } from './explain-server.ts';
import { DEFAULT_SERVER_CONFIG, resolveServerConfig, type ServerConfig, type ServerOptions } from './server-options.ts';

/**
 * What a server is made with.
 *
 * @param entry what the app has called
 * @throws {ConfigError} on anything that is no address, port or options; its stack begins where the app made a server
 */
export function parseServerArguments(
  address: unknown,
  port: unknown,
  options: ServerOptions,
  entry: Entry,
): { readonly at: ParsedAddress; readonly config: ServerConfig } {
  try {
    const explanation = explainServer(address, port, options);
    if (explanation !== undefined) throw new ConfigError(explanation);
    const at = parseAddress(address, port);
    const config = resolveServerConfig(DEFAULT_SERVER_CONFIG, options);
    if (at.protocol === 'tls' && config.tls === undefined)
      throw new ConfigError('The address tls:// needs the option tls with a key and a cert.');
    return { at, config };
  } catch (error) {
    throw atCaller(error, entry);
  }
}
