import { InternalServerError } from '../errors/http-error.ts';
import { ignoreRejection } from '../errors/ignore-rejection.ts';

/**
 * What a function of the app named a client, a key or the like.
 *
 * @param what whose result it is, for the error
 * @throws {InternalServerError} when it is neither text nor a number
 */
export function toText(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw notAtOnce(value, what);
}

/**
 * The error for a result that cannot be used. A promise is not waited for, but must not end the process when it is
 * rejected.
 */
export function notAtOnce(value: unknown, what: string): InternalServerError {
  return new InternalServerError(
    `The function ${what} gave ${ignoreRejection(value) ? 'a promise; it has to answer at once' : `a value of type ${typeof value}`}.`,
  );
}
