import { isPromiseLike } from '../response/is-promise-like.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import { hearErrors, isStreamed } from '../response/body-stream.ts';
import { finishReply } from '../replies/finish-reply.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { StreamedBody } from '../response/streamed-body.ts';
import { isResponse } from '../response/to-response.ts';
import type { HttpRoute } from './http-route.ts';
import { validateReply, validateRequest, validatesRequest } from './validate.ts';

/** What a route does with a request that is routed to it. Waits for nothing where nothing has to be waited for. */
export type RouteCore = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/**
 * From a routed request to the reply of its handler: body limit, validation, the call, validation of the reply.
 *
 * The core throws whatever the handler throws.
 */
export function toCore(route: HttpRoute): RouteCore {
  const isValidated = validatesRequest(route.options);
  return (request) => {
    controls.assertBodyWithinLimit(request);
    return isValidated ? validateAndCall(route, request) : respond(route, request, route.handler(request));
  };
}

async function validateAndCall(route: HttpRoute, request: HttpRequest): Promise<HttpResponse> {
  await validateRequest(route.options, request);
  return respond(route, request, route.handler(request));
}

function respond(route: HttpRoute, request: HttpRequest, reply: unknown): HttpResponse | Promise<HttpResponse> {
  if (isPromiseLike(reply)) return Promise.resolve(reply).then((value) => respond(route, request, value));
  const schema = route.options.response;
  if (schema === undefined || isResponse(reply)) return finishReply(reply, request);
  hearErrors(reply);
  return validateReply(schema, reply).then(
    (value) => finishReply(value, request),
    (refusal: unknown) => {
      if (isStreamed(reply)) new StreamedBody(reply).cancel(new Error('The response schema refused it.'));
      throw refusal;
    },
  );
}
