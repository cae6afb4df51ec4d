import { optionError } from './option-error.ts';
import type { RateLimitAlgorithm, RateLimitPolicy } from './rate-limit-policy.ts';

/**
 * Fits into the 15 digits of a structured field (RFC 9651 §3.3.1), and with any window into the numbers of JavaScript.
 */
const LARGEST_MAX = 1_000_000_000;
const LONGEST_WINDOW_SECONDS = 31 * 86_400;
/** What a String of a structured field may hold (RFC 9651 §3.3.3). */
const NAME = /^[\x20-\x7e]{1,64}$/;

export interface PolicyOptions {
  /** What the header fields call the policy: 1 to 64 characters of printable ASCII. @default 'default' */
  readonly name?: string | undefined;
  /** Units for each key in a window, 1 to 1,000,000,000. */
  readonly max: number;
  /** Length of the window, in whole seconds, 1 to 2,678,400 (31 days). */
  readonly windowSeconds: number;
  /** @default 'sliding-window' */
  readonly algorithm?: RateLimitAlgorithm | undefined;
}

/**
 * A checked policy, frozen.
 *
 * @example createPolicy({ max: 100, windowSeconds: 60 })
 * @throws {RangeError | TypeError} with the code `ERR_PORTLIGHT_INVALID_OPTION`, when an option is out of its range or
 *   of another type; the message names the option, its range and the value
 */
export function createPolicy({
  name = 'default',
  max,
  windowSeconds,
  algorithm = 'sliding-window',
}: PolicyOptions): RateLimitPolicy {
  if (typeof name !== 'string' || !NAME.test(name))
    throw optionError('name', '1 to 64 characters of printable ASCII', 'string', name);
  if (!isWhole(max, LARGEST_MAX))
    throw optionError('max', 'a whole number of units from 1 to 1,000,000,000', 'number', max);
  if (!isWhole(windowSeconds, LONGEST_WINDOW_SECONDS))
    throw optionError(
      'windowSeconds',
      'a whole number of seconds from 1 to 2,678,400 (31 days)',
      'number',
      windowSeconds,
    );
  if (algorithm !== 'sliding-window' && algorithm !== 'token-bucket')
    throw optionError('algorithm', "'sliding-window' or 'token-bucket'", 'string', algorithm);
  return Object.freeze({ name, max, windowMs: windowSeconds * 1_000, algorithm });
}

function isWhole(value: unknown, largest: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= largest;
}
