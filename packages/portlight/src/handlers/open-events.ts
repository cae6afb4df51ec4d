import type { Seat } from '../backplane/admission.ts';
import { EventStream, streamControls } from '../channels/event-stream.ts';
import type { ServerSentEvent } from '../channels/encode-event.ts';
import { isStillWanted } from '../hub/still-wanted.ts';
import { controls, type HttpRequest, type RequestShape } from '../request/http-request.ts';
import { hearErrors, isBodyStream, openStream as openStreamOf } from '../response/body-stream.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { asError } from '../errors/thrown-value.ts';
import { bodyOf, HttpResponse, setBody } from '../response/http-response.ts';
import { StreamedBody } from '../response/streamed-body.ts';
import { isResponse } from '../response/to-response.ts';
import { finishReply } from '../replies/finish-reply.ts';
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

/** Whether the response is an open event stream. */
export function isEventStream(response: HttpResponse): boolean {
  const body = bodyOf(response);
  return body instanceof StreamedBody && body.isEvents;
}

/** What a route of events does with a request that is routed to it: the open stream. */
export function toEventsCore(route: EventsRoute, services: ChannelServices): RouteCore {
  const open = (request: HttpRequest): HttpResponse | Promise<HttpResponse> => {
    if (request.method === 'HEAD') return toResponse(new StreamedBody(NOTHING));
    const seat = services.registry.reserve(request.ip);
    if (seat instanceof Promise) return seat.then((late) => openOn(late, route, request, services));
    return openOn(seat, route, request, services);
  };
  return validatesRequest(route.options)
    ? async (request) => validateRequest(route.options, request).then(() => open(request))
    : open;
}

/** Opens a stream on a seat, which is free again when that fails, or when the stream is closed. */
function openOn(
  seat: Seat,
  route: EventsRoute,
  request: HttpRequest,
  services: ChannelServices,
): HttpResponse | Promise<HttpResponse> {
  try {
    return openStream(route, request, services, seat);
  } catch (error) {
    seat.release();
    throw error;
  }
}

function openStream(
  route: EventsRoute,
  request: HttpRequest,
  { hub, registry, config, log }: ChannelServices,
  seat: Seat,
): HttpResponse | Promise<HttpResponse> {
  const end = { beat: (now: number) => streamControls.beat(stream, now), endForStop: () => stream.close() };
  const stream = new EventStream<RequestShape>(
    request,
    hub,
    config.maxBackpressureBytes,
    () => registry.delete(end),
    (error) => fail(error),
  );
  const fail = (error: unknown): void => {
    if (isStillWanted(error)) return;
    // A client that left is what ended it, not the handler.
    if (streamControls.isOpen(stream) && !controls.isAborted(request)) {
      log.logger.error({ err: error, path: request.path }, 'A handler of events failed.');
      controls.setError(request, asError(error));
    }
    // What was sent is whole events: the client comes back and goes on behind them.
    stream.close();
  };
  registry.add(end, seat);
  // A client that closes its side of a stream without an end does not read on.
  request.signal.addEventListener('abort', () => stream.close(), { once: true });
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
  hearErrors(result);
  void fill(stream, result).catch(fail);
  const body = new StreamedBody(streamControls.body(stream));
  controls.adopt(request, body);
  body.isEvents = true;
  return toResponse(body);
}

/** Waits for what a handler returned, and sends what an async iterable gives, as fast as the client takes it. */
async function fill(stream: EventStream<RequestShape>, returned: unknown): Promise<void> {
  const result = await returned;
  if (isResponse(result))
    throw new ReplyError(
      'A handler of events returned a response when the stream was open already; refuse before anything is waited for, or in a middleware.',
    );
  if (typeof result !== 'object' || result === null || !isBodyStream(result)) return;
  const source = openStreamOf(result);
  let isSpent = false;
  const draw = async (): Promise<IteratorResult<unknown, unknown>> => {
    try {
      const step = await source.next();
      isSpent = step.done === true;
      return step;
    } catch (error) {
      isSpent = true;
      throw error;
    }
  };
  void stream.closed.then(() => {
    if (!isSpent) source.cancel(new Error('The stream of events was closed.'));
  });
  for (let step = await draw(); step.done !== true && streamControls.isOpen(stream); step = await draw()) {
    stream.send(step.value as ServerSentEvent);
    await stream.drained();
    if (!streamControls.isOpen(stream)) return;
  }
  stream.close();
}

function toResponse(body: StreamedBody): HttpResponse {
  const response = new HttpResponse(null, { headers: HEADERS });
  setBody(response, body);
  return response;
}

/** To HEAD a stream has no length either. */
const NOTHING: AsyncIterable<string> = { async *[Symbol.asyncIterator]() {} };
