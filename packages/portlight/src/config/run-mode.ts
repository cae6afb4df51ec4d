import { ConfigError } from '../errors/config-error.ts';

/** How the requests of a server are handled. `'concurrent'`: one process, every request as soon as it comes. */
export type RunMode = 'concurrent';

/** @throws {ConfigError} on anything but a mode */
export function parseRunMode(mode: unknown): RunMode {
  if (mode === 'concurrent') return mode;
  throw new ConfigError(`The mode ${JSON.stringify(mode)} is not known; 'concurrent' is.`);
}
