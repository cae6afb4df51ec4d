import { answerWithFile, type FileRequest } from './answer-with-file.ts';
import { FileBody } from './file-body.ts';
import type { HttpResponse } from './http-response.ts';
import { toResponse } from './to-response.ts';

/** Where there is no request, what the parser refused, a file is sent as to one that asks for nothing special. */
const NO_REQUEST: FileRequest = { method: 'GET', header: () => undefined };

/**
 * What app code returned, as the response to this request.
 *
 * @throws {ReplyError} when it cannot be sent
 * @throws {HttpError} when it is a file that this request does not get
 */
export function finishReply(reply: unknown, request: FileRequest = NO_REQUEST): HttpResponse | Promise<HttpResponse> {
  const response = toResponse(reply);
  return response.body instanceof FileBody ? answerWithFile(response, response.body, request) : response;
}
