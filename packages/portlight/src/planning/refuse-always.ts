import type { HttpError } from '../errors/http-error.ts';
import { withoutStack } from '../errors/without-stack.ts';
import type { RouteCore } from '../handlers/call-handler.ts';
import { findHandler, respondToError } from '../handlers/respond-to-error.ts';
import type { Scope } from '../handlers/scope.ts';
import type { LogHolder } from '../log.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import { HttpResponse } from '../response/http-response.ts';

/**
 * A refusal that is the same for every request; its response is made once where no error handler wants to see each.
 *
 * @param makeError of a status below 500
 */
export function refuseAlways(scope: Scope, makeError: () => HttpError, log: LogHolder): RouteCore {
  const refuse = (request: HttpRequest): HttpResponse | Promise<HttpResponse> =>
    respondToError(withoutStack(makeError), scope, request, log);
  if (findHandler(scope, makeError().status) !== undefined) return refuse;
  const error = withoutStack(makeError);
  const response = HttpResponse.problem(error);
  return (request) => {
    if (log.verbose) return refuse(request);
    controls.setError(request, error);
    return response.clone();
  };
}
