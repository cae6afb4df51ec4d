import { type FileRequest, answerWithFile } from '../response/answer-with-file.ts';
import { FileBody } from '../response/file-body.ts';
import { bodyOf, type HttpResponse } from '../response/http-response.ts';
import { toResponse } from '../response/to-response.ts';
import type { HttpRequest, RequestShape } from '../request/http-request.ts';
import { awaitFirstChunk } from './await-first-chunk.ts';

/** Where there is no request, what the parser refused, a file is sent as to one that asks for nothing special. */
const NO_REQUEST: FileRequest = { method: 'GET', path: '', header: () => undefined };

/**
 * What app code returned, as the response to this request. A streamed one has its first chunk.
 *
 * @throws {ReplyError} when it cannot be sent
 * @throws {HttpError} when it is a file that this request does not get
 * @throws what a source throws before its first chunk
 */
export function finishReply(
  reply: unknown,
  request: HttpRequest<RequestShape> | undefined,
): HttpResponse | Promise<HttpResponse> {
  const response = toResponse(reply);
  const body = bodyOf(response);
  if (body === null || typeof body === 'string' || body instanceof Uint8Array) return response;
  if (!(body instanceof FileBody)) return awaitFirstChunk(response, request);
  return answerWithFile(response, body, request ?? NO_REQUEST).then((found) => awaitFirstChunk(found, request));
}
