import type { MessageWire } from '../channels/message-wire.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { HttpResponse, switchProtocols } from '../response/http-response.ts';
import type { RouteCore } from './call-handler.ts';
import type { LentExchange, LentUpgrade, Taker } from './taker.ts';

/** An upgrade that a route of the app may take too. */
export interface LentHandshake extends LentUpgrade {
  /** Answers with 101 and speaks WebSocket from then on; not at all where the client is gone. */
  toWebSocket(open: (wire: MessageWire) => void): void;
}

/** Takes what a lane lends. @returns a promise where there is something to wait for @throws before anything was sent */
type Take<Lent> = (lent: Lent) => unknown;

const taken: WeakMap<HttpResponse, Take<LentExchange>> = new WeakMap();
const upgraded: WeakMap<HttpRequest, Take<LentHandshake>> = new WeakMap();

/** Who takes the exchange in place of the response, which stands for that; `undefined` where the response is sent. */
export function takeoverOf(response: HttpResponse): Take<LentExchange> | undefined {
  return taken.get(response);
}

/** Who takes the upgrade of a request that is to be answered with 101. */
export function upgradeOf(request: HttpRequest): Take<LentHandshake> | undefined {
  return upgraded.get(request);
}

/** The response that stands for an upgrade, until it is taken. */
export function takeUpgrade(request: HttpRequest, take: Take<LentHandshake>): HttpResponse {
  upgraded.set(request, take);
  return switchProtocols();
}

/** What the route of a taker does with a request: the response that stands for what the taker will answer. */
export function toTakerCore(taker: Taker): RouteCore {
  return (request) => {
    const response = new HttpResponse(null);
    taken.set(response, (lent) => taker.request(request, lent));
    return response;
  };
}

/** What it does with an upgrade. */
export function toTakerUpgradeCore(taker: Taker): RouteCore {
  return (request) => takeUpgrade(request, (lent) => taker.upgrade?.(request, lent));
}
