import { types } from 'node:util';
import { ignoreRejection } from '../errors/ignore-rejection.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { showValue } from '../errors/show-value.ts';
import { isPromiseLike } from './is-promise-like.ts';

/**
 * The value as text: a string, or a number, boolean or bigint in its usual form. `undefined`, a promise and an object
 * have a text too, but never the one that was meant.
 *
 * @param what what needs the text, at the beginning of the sentence
 * @throws {ReplyError}
 */
export function assertText(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  if (
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    types.isStringObject(value)
  ) {
    return String(value);
  }
  ignoreRejection(value);
  throw new ReplyError(
    `${what} needs text, not ${showValue(value)}${isPromiseLike(value) ? '; an await is missing' : ''}.`,
  );
}
