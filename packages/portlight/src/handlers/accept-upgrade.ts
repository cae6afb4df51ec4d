import { AsyncResource } from 'node:async_hooks';
import type { Seat } from '../backplane/admission.ts';
import type { ChannelRegistry } from '../channels/channel-registry.ts';
import { ReplyError } from '../errors/reply-error.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { hearErrors } from '../response/body-stream.ts';
import { finishReply } from '../replies/finish-reply.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { isResponse } from '../response/to-response.ts';
import type { RouteCore } from './call-handler.ts';
import type { ChannelRoute } from './channel-route.ts';
import type { ChannelServices } from './channel-services.ts';
import { ChannelSession } from './channel-session.ts';
import { takeUpgrade } from './takeover.ts';
import { validateRequest, validatesRequest } from './validate.ts';

/** The channel that a request asks for, from the guard that finds room for it to the end of the handshake. */
interface AskedChannel {
  seat: Seat | undefined;
  /** Nothing comes of it any more: a seat that is still to come goes back. */
  isOver: boolean;
}

const asked: WeakMap<HttpRequest, AskedChannel> = new WeakMap();

/**
 * Finds a seat for the channel of a request. The channel takes it with the handshake; where none comes of it,
 * {@link giveUpChannel} has to be called.
 *
 * @throws {HttpError} when there is none
 */
export function reserveChannel(request: HttpRequest, registry: ChannelRegistry): void | Promise<void> {
  const channel: AskedChannel = { seat: undefined, isOver: false };
  asked.set(request, channel);
  const seat = registry.reserve(request.ip);
  if (!(seat instanceof Promise)) {
    channel.seat = seat;
    return undefined;
  }
  return seat.then((late) => {
    if (channel.isOver) late.release();
    else channel.seat = late;
  });
}

/**
 * No channel comes of a request: whatever it was that stood in the way, its seat is free. Nothing where one was opened.
 */
export function giveUpChannel(request: HttpRequest): void {
  const channel = asked.get(request);
  if (channel === undefined) return;
  channel.isOver = true;
  channel.seat?.release();
}

function takeSeat(request: HttpRequest): Seat {
  const { seat } = asked.get(request) as AskedChannel;
  asked.delete(request);
  return seat as Seat;
}

/** What a WebSocket route does with a request that is routed to it: the 101, or what the app says instead. */
export function toUpgradeCore(route: ChannelRoute, services: ChannelServices): RouteCore {
  return async (request) => {
    if (validatesRequest(route.options)) await validateRequest(route.options, request);
    const refusal: unknown = await route.handlers.upgrade?.(request);
    if (refusal !== undefined) return refuse(refusal, request);
    const context = new AsyncResource('PortlightChannel');
    return takeUpgrade(request, (lent) => {
      // It may have begun to stop since the request was let in.
      services.registry.assertServing();
      lent.toWebSocket((wire) => new ChannelSession(route, request, wire, services, context).open(takeSeat(request)));
    });
  };
}

function refuse(refusal: unknown, request: HttpRequest): HttpResponse | Promise<HttpResponse> {
  if (isResponse(refusal)) return finishReply(refusal, request);
  hearErrors(refusal);
  throw new ReplyError('The handler upgrade returns a response to refuse a client, or nothing.');
}
