import { showValue } from '../errors/show-value.ts';
import { onDemand, require } from '../on-demand.ts';

const library = onDemand(() => require('cookie') as typeof import('cookie'));

/** The attributes of a `Set-Cookie` field (RFC 6265 §4.1). */
export interface CookieOptions {
  /** Seconds until the browser forgets the cookie; without it and `expires`, when it is closed. */
  readonly maxAge?: number;
  readonly expires?: Date;
  readonly domain?: string;
  /** @default '/' */
  readonly path?: string;
  /** Out of reach for scripts of the page. */
  readonly httpOnly?: boolean;
  /** Sent over https only. */
  readonly secure?: boolean;
  readonly sameSite?: boolean | 'lax' | 'strict' | 'none';
  readonly partitioned?: boolean;
  readonly priority?: 'low' | 'medium' | 'high';
}

/** What each attribute may be, and how a sentence says so. */
const ATTRIBUTES: Readonly<Record<keyof CookieOptions, readonly [isRight: (value: unknown) => boolean, what: string]>> =
  {
    maxAge: [(value) => Number.isInteger(value), 'a whole number of seconds'],
    expires: [(value) => value instanceof Date && !Number.isNaN(value.getTime()), 'a valid Date'],
    domain: [isText, 'a string'],
    path: [isText, 'a string'],
    httpOnly: [isFlag, 'true or false'],
    secure: [isFlag, 'true or false'],
    sameSite: [
      (value) => isFlag(value) || value === 'lax' || value === 'strict' || value === 'none',
      "'lax', 'strict', 'none', true or false",
    ],
    partitioned: [isFlag, 'true or false'],
    priority: [(value) => value === 'low' || value === 'medium' || value === 'high', "'low', 'medium' or 'high'"],
  };

/** The cookies of a `Cookie` field, decoded, as a record without prototype. Of a repeated name the first counts. */
export function parseCookies(field: string): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, library().parseCookie(field));
}

/** @throws {TypeError} when the name, path, domain or another attribute holds what a cookie may not hold */
export function formatCookie(name: string, value: string, options: CookieOptions): string {
  for (const [option, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(ATTRIBUTES, option)) throw new TypeError(`there is no attribute ${JSON.stringify(option)}`);
    const [isRight, what] = ATTRIBUTES[option as keyof CookieOptions];
    if (value !== undefined && !isRight(value))
      throw new TypeError(`its ${option} must be ${what}, not ${showValue(value)}`);
  }
  return library().stringifySetCookie(name, value, { path: '/', ...options });
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}
