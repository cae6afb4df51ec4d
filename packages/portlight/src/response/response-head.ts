import { fieldControls, type HeaderList } from '../fields/header-list.ts';
import { assertAttached, type HeldBody } from './encode-body.ts';
import type { FileBody } from './file-body.ts';
import { bodyOf, type HttpResponse } from './http-response.ts';
import { discardBody } from './replace-body.ts';
import { StreamedBody } from './streamed-body.ts';
import type { Trailers } from './trailers.ts';

/** Fields that say where a message ends and whether the connection goes on: decided here, never taken from an app. */
const FRAMING: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'trailer',
]);

/** Fields that begin as those of a content do and are none. */
const OF_NO_CONTENT: ReadonlySet<string> = new Set([
  'content-location',
  'content-security-policy',
  'content-security-policy-report-only',
]);

/** What is sent in front of a body. */
export interface ResponseHead {
  readonly status: number;
  /** Name, value, name, value, without those that frame the message. */
  readonly fields: readonly string[];
  /** What Content-Length says: the bytes of the body, where they are known before it is sent. */
  readonly bodyBytes: number | undefined;
  /**
   * Whether a body follows: none does to HEAD, and after 204 and 304 (RFC 9112 §6.3); 205 has an empty one (RFC 9110
   * §15.3.6).
   */
  readonly hasBody: boolean;
  /**
   * What `Connection` names besides whether the connection goes on: the field `Upgrade` concerns it alone (RFC 9110
   * §7.8).
   */
  readonly option: 'Upgrade' | undefined;
  /** What follows the body, which is sent in chunks then. */
  readonly trailers: Trailers | undefined;
  /** The app asked for the connection to be closed after this response. */
  readonly asksToClose: boolean;
}

/**
 * @param method of the request; to HEAD an app may say how long the body of GET is
 * @param client asked where the response has trailers; without one there are none
 * @throws {ReplyError} when the bytes of the body are no longer there
 */
export function inspectResponse(
  response: HttpResponse,
  method?: string,
  client?: { readonly takesTrailers: boolean },
): ResponseHead {
  const { status } = response;
  const all = fieldControls.flat(response.headers);
  const flat = status === 304 ? withoutContent(all) : all;
  const mayHaveBody = status !== 204 && status !== 205 && status !== 304;
  const framing = holdsFraming(flat) ? response.headers : undefined;
  // A refusal for want of an upgrade says which (RFC 9110 §15.5.22).
  const upgrade = (status === 426 ? framing?.get('upgrade') : undefined) ?? undefined;
  const hasBody = mayHaveBody && method !== 'HEAD';
  const trailers = hasBody ? trailersOf(response, client) : undefined;
  // A length leaves no place behind the body (RFC 9112 §6.2).
  const emptyBytes = status === 205 ? 0 : undefined;
  const knownBytes = mayHaveBody ? measure(response, framing, method) : emptyBytes;
  const bodyBytes = trailers === undefined ? knownBytes : undefined;
  const asksToClose = framing?.get('connection')?.toLowerCase() === 'close';
  const option = upgrade === undefined ? undefined : 'Upgrade';
  const fields = framing === undefined ? flat : withoutFraming(flat, upgrade);
  return {
    status,
    fields: trailers === undefined ? fields : [...fields, 'trailer', trailers.names],
    bodyBytes,
    hasBody,
    option,
    trailers,
    asksToClose,
  };
}

/**
 * The body to send, a stream no more where all of it is there; `null` where none follows the head: what the app gave
 * then is told that nobody takes it.
 *
 * @throws {ReplyError} when the app has read of it
 */
export function takeBody(response: HttpResponse, { hasBody }: ResponseHead): Exclude<HeldBody, FileBody> {
  if (hasBody) {
    // A file was opened, and is a stream.
    const body = bodyOf(response) as Exclude<HeldBody, FileBody>;
    return body instanceof StreamedBody ? (body.takeWhole() ?? body) : body;
  }
  discardBody(response, new Error('A response to this request has no body.'));
  return null;
}

function trailersOf(
  response: HttpResponse,
  client: { readonly takesTrailers: boolean } | undefined,
): Trailers | undefined {
  const body = bodyOf(response);
  return body instanceof StreamedBody && body.trailers !== undefined && client?.takesTrailers === true
    ? body.trailers
    : undefined;
}

/** A stream of which nothing is known is as long as the app says; of everything else the length is ours to know. */
function measure(
  response: HttpResponse,
  framing: HeaderList | undefined,
  method: string | undefined,
): number | undefined {
  const body = bodyOf(response);
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body === null && (method !== 'HEAD' || framing?.has('content-length') !== true)) return 0;
  if (body instanceof Uint8Array) return assertAttached(body).byteLength;
  if (body instanceof StreamedBody && body.lengthBytes !== undefined) return body.lengthBytes;
  const declared = framing?.get('content-length') ?? '';
  return /^\d{1,15}$/.test(declared) ? Number(declared) : undefined;
}

/** A 304 has none of the content's fields: a cache would take them for those of what it keeps (RFC 9110 §15.4.5). */
function withoutContent(flat: readonly string[]): string[] {
  const fields: string[] = [];
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    if (!name.startsWith('content-') || OF_NO_CONTENT.has(name)) fields.push(name, flat[index + 1] as string);
  }
  return fields;
}

function holdsFraming(flat: readonly string[]): boolean {
  for (let index = 0; index < flat.length; index += 2) if (FRAMING.has(flat[index] as string)) return true;
  return false;
}

function withoutFraming(flat: readonly string[], upgrade: string | undefined): string[] {
  const fields: string[] = upgrade === undefined ? [] : ['upgrade', upgrade];
  for (let index = 0; index < flat.length; index += 2) {
    if (!FRAMING.has(flat[index] as string)) fields.push(flat[index] as string, flat[index + 1] as string);
  }
  return fields;
}
