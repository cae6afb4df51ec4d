import type { ResponseInterceptor } from '../config/hooks.ts';
import { ReplyError } from '../errors/reply-error.ts';
import type { LogHolder } from '../log.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { replaceBody } from '../response/replace-body.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import { isResponse, toResponse } from '../response/to-response.ts';

/**
 * Shows a response to the interceptors in their order. One that fails is reported and passed over: its failure must
 * not cost the client the response. Never throws.
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
      const result: unknown = (interceptors[index] as ResponseInterceptor)(current, request);
      if (isPromiseLike(result)) {
        const before = current;
        return settle(result, before, log).then((after) => runInterceptors(interceptors, after, request, log, index + 1));
      }
      current = apply(result, current);
    } catch (error) {
      report(error, log);
    }
  }
  return current;
}

async function settle(result: PromiseLike<unknown>, response: HttpResponse, log: LogHolder): Promise<HttpResponse> {
  try {
    return apply(await result, response);
  } catch (error) {
    report(error, log);
    return response;
  }
}

/** @throws {ReplyError} on a result that is none of what an interceptor may return */
function apply(result: unknown, response: HttpResponse): HttpResponse {
  if (result === undefined) return response;
  if (typeof result === 'string' || result instanceof Uint8Array) {
    replaceBody(response, result);
    return response;
  }
  if (result === response) return response;
  if (isResponse(result)) return toResponse(result);
  throw new ReplyError('A response interceptor returns an HttpResponse, a string, bytes, or nothing.');
}

function report(error: unknown, log: LogHolder): void {
  log.logger.error({ err: error }, 'A response interceptor failed; the response is sent without it.');
}
