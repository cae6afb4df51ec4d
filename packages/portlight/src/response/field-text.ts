import { ReplyError } from '../errors/reply-error.ts';
import { showValue } from '../errors/show-value.ts';
import { isPromiseLike } from './is-promise-like.ts';

/** A number is written in digits; an array makes a field for each value. */
export type HeaderValue = string | number | readonly (string | number)[];

/**
 * The texts of a field, one for each time that it is repeated.
 *
 * @param what what has the value, at the beginning of the sentence
 * @throws {ReplyError} on what is neither text nor a finite number
 */
export function toFieldTexts(value: HeaderValue, what: string): string[] {
  const values = Array.isArray(value) ? (value as readonly (string | number)[]) : [value as string | number];
  return values.map((each) => toFieldText(each, what));
}

/** One of {@link toFieldTexts}. */
export function toFieldText(value: string | number, what: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  const remedy = isPromiseLike(value) ? '; an await is missing' : '';
  throw new ReplyError(
    `${what} needs a string or a number, not ${showValue(value)}${remedy}.`,
    'ERR_PORTLIGHT_INVALID_HEADER',
  );
}
