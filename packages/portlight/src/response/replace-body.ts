import { isStream, openStream } from './body-stream.ts';
import type { HttpResponse } from './http-response.ts';

/** Gives a response another body; a stream that it had is told that nobody waits for it. */
export function replaceBody(response: HttpResponse, body: string | Uint8Array | null): void {
  discardBody(response, new Error('The body was replaced.'));
  response.body = body;
  // What was said of the bytes that were there is not true of these.
  for (const name of ['content-range', 'content-encoding', 'etag', 'accept-ranges']) response.headers.delete(name);
  if (typeof body === 'string' && !response.headers.has('content-type')) {
    response.headers.append('content-type', 'text/plain; charset=utf-8');
  }
}

/** The response that is sent in place of another; a stream that only the other had is told that nobody waits for it. */
export function supersede(other: HttpResponse | undefined, response: HttpResponse): HttpResponse {
  if (other !== undefined && other.body !== response.body) discardBody(other, new Error('Another response was sent in its place.'));
  return response;
}

/** Tells the source of a streamed body that it will not be sent. */
export function discardBody(response: HttpResponse, reason: Error): void {
  const { body } = response;
  if (!isStream(body)) return;
  try {
    openStream(body).cancel(reason);
  } catch {
    // A stream that somebody else reads cannot be opened, and is theirs to end.
  }
}
