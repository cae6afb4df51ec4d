import { ConfigError } from '../errors/config-error.ts';

/** The refusal of a route, to be thrown at its registration. `problem` says what is wrong and what would be right. */
export function invalidPattern(route: string, problem: string, cause?: unknown): ConfigError {
  return new ConfigError(`Invalid pattern in ${route}: ${problem}`, 'ERR_PORTLIGHT_INVALID_PATTERN', cause);
}
