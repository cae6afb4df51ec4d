import type { HttpRequest } from '../request/http-request.ts';
import { answerWithFile } from '../response/answer-with-file.ts';
import { FileBody } from '../response/file-body.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { toResponse } from '../response/to-response.ts';

/**
 * What app code returned, as the response to this request.
 *
 * @throws {ReplyError} when it cannot be sent
 * @throws {HttpError} when it is a file that this request does not get
 */
export function finishReply(reply: unknown, request: HttpRequest): HttpResponse | Promise<HttpResponse> {
  const response = toResponse(reply);
  return response.body instanceof FileBody ? answerWithFile(response, response.body, request) : response;
}
