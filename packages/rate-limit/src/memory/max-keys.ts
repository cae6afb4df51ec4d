import { optionError } from '../option-error.ts';

/** V8 has no Map of more than 16.7 million. */
const LARGEST_MAX_KEYS = 10_000_000;

/** @throws {RangeError | TypeError} with the code `ERR_PORTLIGHT_INVALID_OPTION`, on another number or type */
export function readMaxKeys(maxKeys = 100_000): number {
  if (!Number.isInteger(maxKeys) || maxKeys < 1 || maxKeys > LARGEST_MAX_KEYS)
    throw optionError('maxKeys', 'a whole number of keys from 1 to 10,000,000', 'number', maxKeys);
  return maxKeys;
}
