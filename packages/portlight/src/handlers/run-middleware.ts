import type { Middleware } from '../config/hooks.ts';
import { ReplyError } from '../errors/reply-error.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { finishReply } from '../response/finish-reply.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { discardBody, supersede } from '../response/replace-body.ts';

/**
 * Wraps `core` in the middleware, the first outermost. An error at any depth becomes a response there, by `onError`,
 * so that what lies further out can still add its headers.
 */
export async function runMiddleware(
  middleware: readonly Middleware[],
  request: HttpRequest,
  core: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>,
  onError: (thrown: unknown) => HttpResponse | Promise<HttpResponse>,
  depth = 0,
): Promise<HttpResponse> {
  let inner: Promise<HttpResponse> | undefined;
  try {
    const current = middleware[depth];
    if (current === undefined) return await core(request);
    const next = (): Promise<HttpResponse> => {
      if (inner !== undefined) throw new ReplyError('A middleware called next() twice.');
      inner = runMiddleware(middleware, request, core, onError, depth + 1);
      return inner;
    };
    const reply = await current(request, next);
    const made = await inner;
    if (reply !== undefined && reply !== made) return supersede(made, await finishReply(reply, request));
    if (made === undefined) throw new ReplyError('A middleware neither called next() nor returned a response.');
    return made;
  } catch (thrown) {
    void inner?.then((response) => discardBody(response, new Error('The middleware around it failed.')));
    return onError(thrown);
  }
}
