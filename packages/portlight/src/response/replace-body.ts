import type { HttpResponse } from './http-response.ts';
import { bodyOf } from './http-response.ts';
import { StreamedBody } from './streamed-body.ts';

/** What is said of the bytes of one body and is not true of others. */
const OF_THE_BYTES = ['content-range', 'content-encoding', 'etag', 'accept-ranges'] as const;

/**
 * Gives a response another body; a stream that it had is told that nobody waits for it.
 *
 * @param written the fields that were set with the new body in mind, which stand
 */
export function replaceBody(response: HttpResponse, body: string | Uint8Array, written: readonly string[]): void {
  response.body = body;
  for (const name of OF_THE_BYTES) if (!written.includes(name)) response.headers.delete(name);
  if (typeof body === 'string' && !response.headers.has('content-type')) {
    response.headers.append('content-type', 'text/plain; charset=utf-8');
  }
}

/**
 * The response that is sent in place of another. A stream that only the other had is told that nobody waits for it,
 * unless it was lent: the one that is sent may be made of it, and so it ends with that, at the latest with the request.
 */
export function supersede(other: HttpResponse | undefined, response: HttpResponse): HttpResponse {
  if (other === undefined) return response;
  const body = bodyOf(other);
  if (!(body instanceof StreamedBody) || body.isLent || body === bodyOf(response)) return response;
  body.cancel(new Error('Another response was sent in its place.'));
  return response;
}

/** Tells the source of a streamed body that it will not be sent. */
export function discardBody(response: HttpResponse, reason: Error): void {
  const body = bodyOf(response);
  if (body instanceof StreamedBody) body.cancel(reason);
}
