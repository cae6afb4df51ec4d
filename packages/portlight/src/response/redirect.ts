import { ReplyError } from '../errors/reply-error.ts';
import { showValue } from '../errors/show-value.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const UNSAFE = /[\\\u0000-\u0020\u007f]/;

/** @throws {ReplyError} when the status is no redirect */
export function assertRedirectStatus(status: number): number {
  if (REDIRECTS.has(status)) return status;
  throw new ReplyError(`A redirect needs the status 301, 302, 303, 307 or 308, not ${showValue(status)}.`);
}

/**
 * The Location field for a path, a relative reference or an http(s) URL, non-ASCII characters percent-encoded.
 *
 * @throws {ReplyError} on anything a browser could read as another site or a script
 */
export function formatLocation(location: string | URL): string {
  const text = textOf(location);
  if (UNSAFE.test(text))
    throw new ReplyError(
      `A redirect location holds no backslash, space or control character: ${JSON.stringify(text)}.`,
    );
  if (text.startsWith('//'))
    throw new ReplyError(
      `A redirect to ${JSON.stringify(text)} leads to another site; write its scheme if that is meant.`,
    );
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && !/^https?:\/\/[^/]/i.test(text)) {
    throw new ReplyError(`A redirect leads to a path or an http(s) URL, not to ${JSON.stringify(text)}.`);
  }
  try {
    return text.replace(/[^\u0021-\u007e]+/gu, encodeURIComponent);
  } catch (cause) {
    throw new ReplyError(
      `A redirect location is well-formed text: ${JSON.stringify(text)}.`,
      'ERR_PORTLIGHT_INVALID_REPLY',
      cause,
    );
  }
}

/**
 * A URL of any implementation has its text in `href`.
 *
 * @throws {ReplyError} on what is neither text nor a URL, or is empty
 */
function textOf(location: unknown): string {
  const href: unknown =
    typeof location === 'object' && location !== null && 'href' in location ? location.href : location;
  if (typeof href === 'string' && href !== '') return href;
  throw new ReplyError(`A redirect needs a path or a URL, not ${showValue(location)}.`);
}
