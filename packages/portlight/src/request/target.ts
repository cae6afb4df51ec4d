import { BadRequestError, type HttpError } from '../errors/http-error.ts';
import { isHost } from '../fields/host.ts';

/**
 * A request target (RFC 9112 §3.2), parsed once: what is routed, what guards see and what handlers see is the same.
 *
 * A target that two readers could understand differently is refused with 400 rather than repaired.
 */
export interface Target {
  /**
   * The path in the one form that routes, guards and handlers see: see {@link canonicalPath}. `*` for the asterisk
   * form.
   */
  readonly path: string;
  /** What follows the `?`, or the empty string. */
  readonly search: string;
  /** The authority of an absolute-form target, which overrules Host (RFC 9112 §3.2.2). */
  readonly authority: string | undefined;
  /** Why the target is refused; then nothing is routed by it. */
  readonly refusal: HttpError | undefined;
}

const SLASH = 0x2f;
const HTTP_SCHEME = /^https?:\/\//i;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
/** All but the visible characters of ASCII, of which `#` and the backslash are out as well. */
const FORBIDDEN = /[^!"$-[\]-~]/;

export function parseTarget(target: string): Target {
  try {
    return target.charCodeAt(0) === SLASH ? parseOriginForm(target, undefined) : parseOtherForm(target);
  } catch (error) {
    return refuseTarget(target, error as BadRequestError);
  }
}

/** A target by which nothing is routed. */
export function refuseTarget(target: string, refusal: HttpError): Target {
  const [path = ''] = target.split('?', 1);
  return { path, search: '', authority: undefined, refusal };
}

function parseOtherForm(target: string): Target {
  if (target === '*') return { path: '*', search: '', authority: undefined, refusal: undefined };
  const scheme = HTTP_SCHEME.exec(target)?.[0];
  if (scheme === undefined) throw new BadRequestError('The request target must begin with a slash.');
  const rest = target.slice(scheme.length);
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const origin = end === -1 ? '/' : rest.slice(end);
  if (!isHost(authority)) throw new BadRequestError('The request target holds no host.');
  return parseOriginForm(origin.startsWith('/') ? origin : `/${origin}`, authority);
}

function parseOriginForm(target: string, authority: string | undefined): Target {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const search = mark === -1 ? '' : target.slice(mark + 1);
  assertCanonical(target, path);
  if (search.includes('%')) decode(search, 'query');
  return { path: canonicalPath(path), search, authority, refusal: undefined };
}

function assertCanonical(target: string, path: string): void {
  if (path.charCodeAt(1) === SLASH) throw new BadRequestError('The path begins with two slashes.');
  const forbidden = FORBIDDEN.exec(target)?.[0];
  if (forbidden !== undefined) throw new BadRequestError(`The request target holds ${describe(forbidden)}.`);
  if ((path.includes('.') || path.includes('%')) && DOT_SEGMENT.test(path)) {
    throw new BadRequestError('The path holds a dot segment.');
  }
}

function describe(forbidden: string): string {
  if (forbidden === '#') return 'a fragment';
  if (forbidden === '\\') return 'a backslash';
  return forbidden === '\0' ? 'a NUL' : 'a character that has to be percent-encoded';
}

/**
 * The path with every escape decoded but `%2F` and `%25`, so that `/%61` and `/a` are one path while an escaped
 * slash still is no separator. Routes, middleware patterns and their captures are matched against this form alone.
 *
 * @throws {BadRequestError} on an escape that is malformed, is no UTF-8, or is a NUL
 */
export function canonicalPath(path: string): string {
  if (!path.includes('%')) return path;
  const decoded = decode(path.replaceAll('%25', '%2525').replace(/%2f/gi, '%252F'), 'path');
  if (decoded.includes('\0')) throw new BadRequestError('The path holds an escaped NUL.');
  return decoded;
}

/**
 * A path as a URL holds it: parsed again, it is the same path, and `canonicalPath` of the outcome is what came in. All
 * that a URL parser drops, trims or takes for a separator is escaped (WHATWG URL §4.4), the rest is escaped by that
 * parser.
 *
 * A target that was refused gets a slash in front where it has none, so that it stays behind the host.
 */
export function toPathname(path: string): string {
  const escaped = path.replace(/[\0- #?\\]/g, encodeURIComponent);
  return escaped.charCodeAt(0) === SLASH ? escaped : `/${escaped}`;
}

/** A captured piece of a canonical path as its reader wants it: nothing escaped. */
export function decodeCapture(capture: string): string {
  return capture.includes('%') ? capture.replaceAll('%2F', '/').replaceAll('%25', '%') : capture;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new BadRequestError(`The ${part} holds a malformed percent escape.`, { cause });
  }
}
