import type { HttpRequest } from 'portlight';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';

const requests: WeakMap<IncomingMessage, HttpRequest> = new WeakMap();

export function keepRequest(message: IncomingMessage, request: HttpRequest): void {
  requests.set(message, request);
}

/**
 * The request that began the session of a socket, as guards and middleware of the server have seen it: `ip` behind a
 * proxy, and what they have put into `state`.
 *
 * @example
 * io.on('connection', (socket) => socket.join(`user ${requestOf(socket).state.user}`));
 */
export function requestOf(socket: Pick<Socket, 'request'>): HttpRequest {
  return requests.get(socket.request) as HttpRequest;
}
