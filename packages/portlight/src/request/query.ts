import { DEFAULTS } from '../defaults.ts';
import { BadRequestError } from '../errors/http-error.ts';

/** A name that stands once is a string, a name that is repeated an array. The record has no prototype. */
export type Query = Record<string, string | string[] | undefined>;

/**
 * The parameters of a query, flat: `a[b]=1` has the name `a[b]`, and commas separate nothing.
 *
 * @throws {BadRequestError} as {@link parsePairs}
 */
export function parseQuery(search: string): Query {
  const query: Query = Object.create(null) as Query;
  for (const [name, value] of parsePairs(search)) add(query, name, value);
  return query;
}

/**
 * The names and values of a query or of an `application/x-www-form-urlencoded` body, in their order. `+` is a space
 * (WHATWG URL §5.1).
 *
 * @throws {BadRequestError} on a malformed percent escape, or over 1,000 parameters
 */
export function parsePairs(search: string): (readonly [name: string, value: string])[] {
  const pieces = search.split('&', DEFAULTS.maxQueryParameters + 1);
  if (pieces.length > DEFAULTS.maxQueryParameters) {
    throw new BadRequestError(`There are more than ${DEFAULTS.maxQueryParameters} query parameters.`);
  }
  return pieces.filter((pair) => pair !== '').map((pair) => {
    const mark = pair.indexOf('=');
    return mark === -1 ? [decodeComponent(pair), ''] : [decodeComponent(pair.slice(0, mark)), decodeComponent(pair.slice(mark + 1))];
  });
}

function add(query: Query, name: string, value: string): void {
  const present = query[name];
  if (present === undefined) query[name] = value;
  else if (typeof present === 'string') query[name] = [present, value];
  else present.push(value);
}

function decodeComponent(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw new BadRequestError('The query holds a malformed percent escape.', { cause });
  }
}
