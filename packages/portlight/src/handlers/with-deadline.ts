import { ServiceUnavailableError } from '../errors/http-error.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { discardBody } from '../response/replace-body.ts';

/**
 * The response, or after `limitMs` a 503 by `onError`; then `request.signal` aborts and a late response is ignored.
 */
export function withDeadline(
  response: HttpResponse | Promise<HttpResponse>,
  limitMs: number,
  request: HttpRequest,
  onError: (thrown: unknown) => HttpResponse | Promise<HttpResponse>,
): HttpResponse | Promise<HttpResponse> {
  if (!(response instanceof Promise)) return response;
  return new Promise((resolve) => {
    let late: ServiceUnavailableError | undefined;
    const timer = setTimeout(() => {
      late = new ServiceUnavailableError(`The handler took longer than ${limitMs} ms.`, { code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT' });
      controls.abort(request, late);
      resolve(onError(late));
    }, limitMs);
    void response.then((value) => {
      clearTimeout(timer);
      if (late === undefined) resolve(value);
      else discardBody(value, late);
    });
  });
}
