import type { Middleware } from '../config/hooks.ts';
import { ReplyError } from '../errors/reply-error.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { awaitFirstChunk } from '../replies/await-first-chunk.ts';
import { finishReply } from '../replies/finish-reply.ts';
import { hearErrors } from '../response/body-stream.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { discardBody, supersede } from '../response/replace-body.ts';
import type { Deadline } from './deadline.ts';

/** Makes the response of what lies further in. Neither throws nor rejects. */
type Respond = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** A request on its way through middleware. */
export interface Passage {
  /** The outermost first. */
  readonly middleware: readonly Middleware[];
  readonly request: HttpRequest;
  readonly core: Respond;
  /** Makes the response of what was thrown. Neither throws nor rejects. */
  readonly onError: (thrown: unknown) => HttpResponse | Promise<HttpResponse>;
  readonly deadline: Deadline | undefined;
}

/**
 * Wraps the core in the middleware. An error at any depth becomes a response there, and so does the end of the time it
 * has, so that what lies further out can still add its headers. Neither throws nor rejects.
 */
export function runMiddleware(passage: Passage, depth = 0): HttpResponse | Promise<HttpResponse> {
  const { deadline } = passage;
  return deadline === undefined ? runStep(passage, depth) : deadline.run(() => runStep(passage, depth));
}

function runStep(passage: Passage, depth: number): HttpResponse | Promise<HttpResponse> {
  const { middleware, request, core, onError } = passage;
  const current = middleware[depth];
  if (current === undefined) return core(request);
  let inner: Promise<HttpResponse> | undefined;
  const next = (): Promise<HttpResponse> => {
    if (inner !== undefined) throw new ReplyError('A middleware called next() twice.');
    inner = Promise.resolve(runMiddleware(passage, depth + 1));
    return inner;
  };
  let reply: unknown;
  try {
    reply = current(request, next);
    hearErrors(reply);
  } catch (thrown) {
    return replace(inner, onError(thrown));
  }
  // It only looked, as most do.
  if (inner !== undefined && reply === inner) return inner;
  return settle(reply, () => inner, request).catch((thrown: unknown) => replace(inner, onError(thrown)));
}

/**
 * The response to what a middleware returned.
 *
 * @param getInner what lies further in, if the middleware went on; it may do so until its promise settles
 */
async function settle(
  returned: unknown,
  getInner: () => Promise<HttpResponse> | undefined,
  request: HttpRequest,
): Promise<HttpResponse> {
  const reply = await returned;
  hearErrors(reply);
  const made = await getInner();
  if (reply !== undefined && reply !== made) return supersede(made, await finishReply(reply, request));
  if (made === undefined) throw new ReplyError('A middleware neither called next() nor returned a response.');
  return awaitFirstChunk(made, request);
}

/** The response in place of one whose middleware failed. */
function replace(
  inner: Promise<HttpResponse> | undefined,
  response: HttpResponse | Promise<HttpResponse>,
): HttpResponse | Promise<HttpResponse> {
  void inner?.then((superseded) => discardBody(superseded, new Error('The middleware around it failed.')));
  return response;
}
