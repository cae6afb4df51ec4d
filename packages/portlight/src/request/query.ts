import { DEFAULTS } from '../defaults.ts';
import { BadRequestError, type HttpError } from '../errors/http-error.ts';

/** A name that stands once is a string, a name that is repeated an array. The record has no prototype. */
export type Query = Record<string, string | string[] | undefined>;

/** What is read as pairs, and what is said of it. */
export interface PairsKind {
  /** How many there may be. */
  readonly most: number;
  tooMany(): HttpError;
  malformed(cause: unknown): HttpError;
}

const QUERY: PairsKind = {
  most: DEFAULTS.maxQueryParameters,
  tooMany: () => new BadRequestError(`There are more than ${DEFAULTS.maxQueryParameters} query parameters.`),
  malformed: (cause) => new BadRequestError('The query holds a malformed percent escape.', { cause }),
};

/**
 * The parameters of a query, flat: `a[b]=1` has the name `a[b]`, and commas separate nothing.
 *
 * @throws {BadRequestError} on a malformed percent escape, or over 1,000 parameters
 */
export function parseQuery(search: string): Query {
  const query: Query = Object.create(null) as Query;
  for (const [name, value] of parsePairs(search, QUERY)) add(query, name, value);
  return query;
}

/**
 * The names and values of a query or of an `application/x-www-form-urlencoded` body, in their order. `+` is a space
 * (WHATWG URL §5.1).
 *
 * @throws {HttpError} what the kind says
 */
export function parsePairs(text: string, kind: PairsKind): (readonly [name: string, value: string])[] {
  const pairs: (readonly [name: string, value: string])[] = [];
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('&', start);
    if (end === -1) end = text.length;
    if (end === start) continue;
    if (pairs.length === kind.most) throw kind.tooMany();
    const mark = text.slice(start, end).indexOf('=') + start;
    pairs.push(
      mark < start
        ? [decodeComponent(text.slice(start, end), kind), '']
        : [decodeComponent(text.slice(start, mark), kind), decodeComponent(text.slice(mark + 1, end), kind)],
    );
  }
  return pairs;
}

function add(query: Query, name: string, value: string): void {
  const present = query[name];
  if (present === undefined) query[name] = value;
  else if (typeof present === 'string') query[name] = [present, value];
  else present.push(value);
}

function decodeComponent(text: string, kind: PairsKind): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw kind.malformed(cause);
  }
}
