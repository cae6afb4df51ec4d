import { AsyncResource } from 'node:async_hooks';
import type { MessageWire } from '../channels/message-wire.ts';
import { ReplyError } from '../errors/reply-error.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { hearErrors } from '../response/body-stream.ts';
import { finishReply } from '../replies/finish-reply.ts';
import { type HttpResponse, switchProtocols } from '../response/http-response.ts';
import { isResponse } from '../response/to-response.ts';
import type { RouteCore } from './call-handler.ts';
import type { ChannelRoute } from './channel-route.ts';
import type { ChannelServices } from './channel-services.ts';
import { ChannelSession } from './channel-session.ts';
import { validateRequest, validatesRequest } from './validate.ts';

/** What begins on the wire of a request whose upgrade went through. */
const openers: WeakMap<HttpRequest, { assertRoom(): void; open(wire: MessageWire): void }> = new WeakMap();

/**
 * Whether the channel of a request still finds room: others may have been opened since it was asked.
 *
 * @throws {HttpError} when it does not
 */
export function assertChannelRoom(request: HttpRequest): void {
  openers.get(request)?.assertRoom();
}

/** Begins to serve the channel of a request that was answered with 101. */
export function openChannel(request: HttpRequest, wire: MessageWire): void {
  openers.get(request)?.open(wire);
}

/** What a WebSocket route does with a request that is routed to it: the 101, or what the app says instead. */
export function toUpgradeCore(route: ChannelRoute, services: ChannelServices): RouteCore {
  return async (request) => {
    if (validatesRequest(route.options)) await validateRequest(route.options, request);
    const refusal: unknown = await route.handlers.upgrade?.(request);
    if (refusal !== undefined) return refuse(refusal, request);
    const context = new AsyncResource('PortlightChannel');
    openers.set(request, {
      assertRoom: () => services.registry.assertRoom(request.ip),
      open: (wire) => new ChannelSession(route, request, wire, services, context).open(),
    });
    return switchProtocols();
  };
}

function refuse(refusal: unknown, request: HttpRequest): HttpResponse | Promise<HttpResponse> {
  if (isResponse(refusal)) return finishReply(refusal, request);
  hearErrors(refusal);
  throw new ReplyError('The handler upgrade returns a response to refuse a client, or nothing.');
}
