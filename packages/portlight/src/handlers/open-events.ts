import { EventStream, streamControls } from '../channels/event-stream.ts';
import type { ServerSentEvent } from '../channels/encode-event.ts';
import type { HttpRequest, RequestShape } from '../request/http-request.ts';
import { isBodyStream } from '../response/body-stream.ts';
import { HttpResponse } from '../response/http-response.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import { isResponse } from '../response/to-response.ts';
import { finishReply } from '../response/finish-reply.ts';
import type { RouteCore } from './call-handler.ts';
import type { EventsRoute } from './channel-route.ts';
import type { ChannelServices } from './channel-services.ts';
import { validateRequest, validatesRequest } from './validate.ts';

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would collect events before it passes them on.
  'x-accel-buffering': 'no',
};

/** Event streams that left the pipeline: interceptors have no business with them. */
const streams: WeakSet<HttpResponse> = new WeakSet();

/** Whether the response is an open event stream. */
export function isEventStream(response: HttpResponse): boolean {
  return streams.has(response);
}

/** What a route of events does with a request that is routed to it: the open stream. */
export function toEventsCore(route: EventsRoute, services: ChannelServices): RouteCore {
  const open = (request: HttpRequest): HttpResponse | Promise<HttpResponse> => (request.method === 'HEAD' ? new HttpResponse(null, { headers: HEADERS }) : openStream(route, request, services));
  return validatesRequest(route.options) ? async (request) => validateRequest(route.options, request).then(() => open(request)) : open;
}

function openStream(route: EventsRoute, request: HttpRequest, { hub, registry, config, log }: ChannelServices): HttpResponse | Promise<HttpResponse> {
  registry.assertRoom(request.ip);
  const end = { ip: request.ip, beat: (now: number) => stream.beat(now), endForStop: () => stream.close() };
  const stream = new EventStream<RequestShape>(request, hub, config.maxBackpressureBytes, () => registry.delete(end));
  const fail = (error: unknown): void => {
    log.logger.error({ err: error, path: request.path }, 'A handler of events failed.');
    stream.close();
  };
  let result: unknown;
  try {
    result = route.handler(stream, request);
  } catch (error) {
    stream.close();
    throw error;
  }
  if (isResponse(result)) {
    stream.close();
    return finishReply(result, request);
  }
  registry.add(end);
  if (isPromiseLike(result)) void Promise.resolve(result).then((late) => forward(late, stream)).catch(fail);
  else void forward(result, stream).catch(fail);
  const response = new HttpResponse(null, { headers: HEADERS });
  response.body = streamControls.body(stream);
  streams.add(response);
  return response;
}

/** Sends what an async iterable gives, as fast as the client takes it, and ends with it. */
async function forward(source: unknown, stream: EventStream<RequestShape>): Promise<void> {
  if (typeof source !== 'object' || source === null || !isBodyStream(source)) return;
  const iterator = (source as unknown as AsyncIterable<ServerSentEvent>)[Symbol.asyncIterator]();
  void stream.closed.then(() => iterator.return?.());
  for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
    stream.send(step.value);
    await stream.drained();
  }
  stream.close();
}
