import { inspect } from 'node:util';

/** What an option that cannot be used throws: told apart by its code, as every error of Portlight. */
export interface OptionError extends RangeError {
  readonly code: 'ERR_PORTLIGHT_INVALID_OPTION';
}

/**
 * A `TypeError` where the value is of another type than the option, else a `RangeError`.
 *
 * @param expected what the option takes, as the end of "It must be …"
 */
export function optionError(
  option: string,
  expected: string,
  type: 'number' | 'string' | 'function' | 'object',
  value: unknown,
): OptionError {
  const message = `Invalid option ${option}: it must be ${expected}, not ${inspect(value, { depth: 0, maxStringLength: 100 })}.`;
  const error = typeof value === type ? new RangeError(message) : new TypeError(message);
  return Object.assign(error, { code: 'ERR_PORTLIGHT_INVALID_OPTION' } as const);
}
