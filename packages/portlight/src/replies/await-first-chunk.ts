import { controls, type HttpRequest, type RequestShape } from '../request/http-request.ts';
import { outsideTurn } from '../request/held-turn.ts';
import { bodyOf, type HttpResponse } from '../response/http-response.ts';
import { StreamedBody } from '../response/streamed-body.ts';

/** Statuses whose response has no body (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Makes the request the owner of a streamed body, and waits for the first chunk of it: what fails before that is an
 * error like others, for the error handlers, middleware and interceptors to see. A response without a stream stays as
 * it is.
 *
 * @throws what the source throws
 */
export function awaitFirstChunk(
  response: HttpResponse,
  request: HttpRequest<RequestShape> | undefined,
): HttpResponse | Promise<HttpResponse> {
  const body = bodyOf(response);
  if (!(body instanceof StreamedBody)) return response;
  if (request !== undefined) controls.adopt(request, body);
  body.assertUnread();
  if (request?.method === 'HEAD' || WITHOUT_BODY.has(response.status)) return response;
  body.announce(announcedBytes(response, body));
  const primed = body.prime();
  return primed === undefined ? response : outsideTurn(request, primed).then(() => response);
}

/** How long the body of a response must be: as its source knows or the app says. */
function announcedBytes({ headers }: HttpResponse, { lengthBytes }: StreamedBody): number | undefined {
  if (lengthBytes !== undefined) return lengthBytes;
  const declared = headers.get('content-length') ?? '';
  return /^\d{1,15}$/.test(declared) ? Number(declared) : undefined;
}
