import { ConfigError } from '../errors/config-error.ts';

/** @throws {ConfigError} on arguments that would be dropped */
export function assertNoMore(rest: readonly unknown[], call: string): void {
  if (rest.length > 0) throw new ConfigError(`${call} was given more arguments than it takes.`);
}
