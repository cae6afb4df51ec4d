import { ConfigError } from '../errors/config-error.ts';

const MOST_SECONDS = 86_400;

/**
 * The arguments of `setTimeout` as milliseconds.
 *
 * @throws {ConfigError} when they are no seconds and microseconds
 */
export function toSilenceMs(seconds: unknown, microseconds: unknown): number {
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= MOST_SECONDS)) {
    throw new ConfigError(
      `setTimeout takes seconds from 0 to ${MOST_SECONDS.toLocaleString('en')} (a day), not ${String(seconds)}.`,
      'ERR_PORTLIGHT_INVALID_OPTION',
    );
  }
  if (
    typeof microseconds !== 'number' ||
    !Number.isInteger(microseconds) ||
    microseconds < 0 ||
    microseconds > 999_999
  ) {
    throw new ConfigError(
      `The microseconds of setTimeout are a whole number from 0 to 999,999, not ${String(microseconds)}.`,
      'ERR_PORTLIGHT_INVALID_OPTION',
    );
  }
  return seconds * 1_000 + microseconds / 1_000;
}
