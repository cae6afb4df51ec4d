import type { ResponseInterceptor } from '../config/hooks.ts';
import { DEFAULTS } from '../defaults.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { fieldControls } from '../fields/header-list.ts';
import { inTime } from '../in-time.ts';
import type { LogHolder } from '../log.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { discardBody, replaceBody, supersede } from '../response/replace-body.ts';
import { assertReplaceable, bodyOf, type HttpResponse } from '../response/http-response.ts';
import { finishReply } from '../replies/finish-reply.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import { isResponse } from '../response/to-response.ts';

/**
 * Shows a response to the interceptors in their order. One that fails, or takes too long, is reported and passed
 * over: its failure must not cost the client the response. Never throws.
 */
export function runInterceptors(
  interceptors: readonly ResponseInterceptor[],
  response: HttpResponse,
  request: HttpRequest | undefined,
  log: LogHolder,
  start = 0,
): HttpResponse | Promise<HttpResponse> {
  let current = response;
  for (let index = start; index < interceptors.length; index++) {
    try {
      const written = fieldControls.watch(current.headers);
      const result: unknown = (interceptors[index] as ResponseInterceptor)(current, request);
      const next = isPromiseLike(result) ? result : apply(result, current, written, request);
      if (isPromiseLike(next)) {
        const before = current;
        return settle(next, before, written, request, log).then((after) =>
          runInterceptors(interceptors, after, request, log, index + 1),
        );
      }
      current = next;
    } catch (error) {
      report(error, log);
    }
  }
  return current;
}

async function settle(
  result: PromiseLike<unknown>,
  response: HttpResponse,
  written: readonly string[],
  request: HttpRequest | undefined,
  log: LogHolder,
): Promise<HttpResponse> {
  try {
    return await apply(
      await inTime(result, DEFAULTS.replyTimeoutMs, 'A response interceptor'),
      response,
      written,
      request,
    );
  } catch (error) {
    report(error, log);
    return response;
  }
}

/** @throws {ReplyError} on a result that is none of what an interceptor may return */
function apply(
  result: unknown,
  response: HttpResponse,
  written: readonly string[],
  request: HttpRequest | undefined,
): HttpResponse | Promise<HttpResponse> {
  if (result === undefined) return response;
  if (typeof result === 'string' || result instanceof Uint8Array) {
    replaceBody(response, result, written);
    return response;
  }
  if (result === response) return response;
  if (isResponse(result)) return supersedeWith(finishReply(result, request), response);
  throw new ReplyError('A response interceptor returns an HttpResponse, a string, bytes, or nothing.');
}

function supersedeWith(
  next: HttpResponse | Promise<HttpResponse>,
  response: HttpResponse,
): HttpResponse | Promise<HttpResponse> {
  return next instanceof Promise ? next.then((value) => replace(response, value)) : replace(response, next);
}

/** @throws {ReplyError} where the body cannot be replaced, and is */
function replace(response: HttpResponse, next: HttpResponse): HttpResponse {
  const body = bodyOf(response);
  if (bodyOf(next) !== body) {
    try {
      assertReplaceable(body);
    } catch (error) {
      discardBody(next, error as Error);
      throw error;
    }
  }
  return supersede(response, next);
}

function report(error: unknown, log: LogHolder): void {
  log.logger.error({ err: error }, 'A response interceptor failed; the response is sent without it.');
}
