import type { ErrorHandler } from '../config/hooks.ts';
import { DEFAULTS } from '../defaults.ts';
import { type HttpError, InternalServerError, toHttpError } from '../errors/http-error.ts';
import { inTime } from '../in-time.ts';
import type { LogHolder } from '../log.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import { finishReply } from '../replies/finish-reply.ts';
import { hasOwnStatus, HttpResponse } from '../response/http-response.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import { toResponse } from '../response/to-response.ts';
import type { Scope } from './scope.ts';

/**
 * The one place that decides what a client sees of an error: the most specific handler of the innermost scope that
 * has one, else problem+json. Never throws.
 */
export function respondToError(
  thrown: unknown,
  scope: Scope,
  request: HttpRequest | undefined,
  log: LogHolder,
): HttpResponse | Promise<HttpResponse> {
  const fail = (failure: unknown): HttpResponse => {
    log.logger.error({ err: failure }, 'The response to an error could not be made.');
    return HttpResponse.problem(new InternalServerError());
  };
  try {
    const error = toHttpError(thrown);
    if (request !== undefined) controls.setError(request, error);
    reportError(error, thrown, request, log);
    const handler = findHandler(scope, error.status);
    if (handler === undefined) return HttpResponse.problem(error);
    const reply = handler(error, request);
    if (isPromiseLike(reply)) {
      const late = inTime(reply, DEFAULTS.replyTimeoutMs, 'An error handler');
      return late.then((value) => complete(value, error, request)).catch(fail);
    }
    const response = complete(reply, error, request);
    return response instanceof Promise ? response.catch(fail) : response;
  } catch (failure) {
    return fail(failure);
  }
}

/** The handler that an error of this status goes to, if there is one. */
export function findHandler(scope: Scope | undefined, status: number): ErrorHandler | undefined {
  for (let each = scope; each !== undefined; each = each.parent) {
    const { errorHandlers } = each;
    const handler =
      errorHandlers.get(status) ?? errorHandlers.get(status < 500 ? '4xx' : '5xx') ?? errorHandlers.get('any');
    if (handler !== undefined) return handler;
  }
  return undefined;
}

/** What a handler made of the error; one that returned nothing only looked at it. */
function complete(
  reply: unknown,
  error: HttpError,
  request: HttpRequest | undefined,
): HttpResponse | Promise<HttpResponse> {
  if (reply === undefined) return HttpResponse.problem(error);
  const response = toResponse(reply);
  if (!hasOwnStatus(response)) response.status = error.status;
  addHeaders(response, error);
  return finishReply(response, request);
}

function addHeaders(response: HttpResponse, error: HttpError): void {
  for (const [name, value] of Object.entries(error.headers)) {
    if (!response.headers.has(name)) response.header(name, value);
  }
}

function reportError(error: HttpError, thrown: unknown, request: HttpRequest | undefined, log: LogHolder): void {
  const fields = { method: request?.method, path: request?.path, status: error.status };
  const isAborted = request !== undefined && controls.isAborted(request);
  if (error.status >= 500 && !error.expose && !isAborted)
    log.logger.error({ ...fields, err: thrown }, 'A request failed.');
  else if (log.verbose)
    log.logger.debug({ ...fields, code: error.code }, isAborted ? 'A request was aborted.' : error.message);
}
