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

const ATTRIBUTES: ReadonlySet<string> = new Set(['maxAge', 'expires', 'domain', 'path', 'httpOnly', 'secure', 'sameSite', 'partitioned', 'priority']);

/** The cookies of a `Cookie` field, decoded, as a record without prototype. Of a repeated name the first counts. */
export function parseCookies(field: string): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, library().parseCookie(field));
}

/** @throws {TypeError} when the name, path, domain or another attribute holds what a cookie may not hold */
export function formatCookie(name: string, value: string, options: CookieOptions): string {
  const unknown = Object.keys(options).find((option) => !ATTRIBUTES.has(option));
  if (unknown !== undefined) throw new TypeError(`there is no attribute ${JSON.stringify(unknown)}`);
  return library().stringifySetCookie(name, value, { path: '/', ...options });
}
