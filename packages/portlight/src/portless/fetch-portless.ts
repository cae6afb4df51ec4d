import { AbortedError } from '../errors/aborted-error.ts';
import { isEventStream } from '../handlers/open-events.ts';
import type { Pipeline } from '../pipeline.ts';
import { controls, HttpRequest } from '../request/http-request.ts';
import type { RequestRules } from '../request/request-source.ts';
import type { ServerView } from '../server-view.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { discardBody } from '../response/replace-body.ts';
import { toSource, toTarget } from './standard-source.ts';
import { toStandardResponse } from './standard-response.ts';

/**
 * The lane without a socket: a standard `Request` in, a standard `Response` out, through the same pipeline.
 *
 * A string that begins with a slash is the request target as it stands, so that what a client may send can be tried:
 * `/a/../b` is not tidied up first. What no target can hold (blanks, controls, non-ASCII characters) is
 * percent-encoded.
 */
export async function fetchPortless(
  pipeline: Pipeline,
  view: ServerView,
  rules: RequestRules,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const isTarget = typeof input === 'string' && input.startsWith('/');
  const standard = new Request(isTarget ? 'http://localhost/' : input, init);
  const url = new URL(standard.url);
  const target = isTarget ? toTarget(input) : url.pathname + url.search;
  standard.signal.throwIfAborted();
  const kind = { isUpgrade: false, needsNode: pipeline.needsNode(standard.method, target) };
  const request = new HttpRequest(toSource(standard, url, target, kind), view, rules);
  const finish = pipeline.isObserved ? observe(pipeline, request) : undefined;
  const response = await untilAborted(Promise.resolve(pipeline.respond(request)), request, standard.signal).catch(
    (reason: unknown) => {
      finish?.(undefined, false);
      throw reason;
    },
  );
  const onDone = (isWhole: boolean): void => {
    controls.release(request);
    finish?.(response, isWhole);
  };
  return toStandardResponse(response, standard.method, onDone, standard.signal);
}

/** @returns to be called at the end, once or more often; without a response where none began */
function observe(
  pipeline: Pipeline,
  request: HttpRequest,
): (response: HttpResponse | undefined, isWhole: boolean) => void {
  const startedAt = performance.now();
  let isOver = false;
  return (response, isWhole) => {
    if (isOver) return;
    isOver = true;
    const { method, path } = request;
    const abortReason = controls.abortReason(request);
    pipeline.finish({
      kind: response !== undefined && isEventStream(response) ? 'events' : 'http',
      request,
      method,
      path,
      route: request.route,
      status: response?.status,
      durationMs: performance.now() - startedAt,
      bytesSent: 0,
      isAborted: !isWhole,
      closeCode: undefined,
      error: isWhole ? controls.errorOf(request) : (abortReason ?? callerGone()),
    });
  };
}

function callerGone(): AbortedError {
  return new AbortedError('The caller did not read the response to its end.', 'ERR_PORTLIGHT_CLIENT_GONE');
}

/** The response, unless the caller gives up first; then the rejection that `fetch` has, and the handler is told. */
async function untilAborted(
  response: Promise<HttpResponse>,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      controls.abort(request, new AbortedError('The caller aborted the request.', 'ERR_PORTLIGHT_CLIENT_GONE'));
      void response.then((late) => {
        discardBody(late, new Error('The caller aborted the request.'));
        controls.release(request);
      });
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([response, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
