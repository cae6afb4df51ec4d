import type { Primary } from '@portlight/prefork';
import type { Socket } from 'node:net';
import type { Edge } from '../socket/edge.ts';
import { MESSAGES } from './child-protocol.ts';
import { type HandedClient, isExpired } from './handed-client.ts';
import { LoadTeller } from './load-teller.ts';

/** A child's part where the primary accepts: it serves the sockets that it is handed, and says when they have ended. */
export class HandedSockets {
  readonly #primary: Primary;
  readonly #ids: Map<Socket, number> = new Map();
  #load: LoadTeller | undefined;
  #edge: Edge | undefined;

  constructor(primary: Primary) {
    this.#primary = primary;
  }

  /** To be called before the primary can hand over any. */
  feed(edge: Edge): void {
    const load = new LoadTeller(this.#primary, () => edge.socketCount);
    this.#load = load;
    this.#edge = edge;
    this.#primary.link.on(MESSAGES.ask, () => this.#primary.link.tell(MESSAGES.here));
    this.#primary.link.on(MESSAGES.keepAlive, (ms) => edge.keepAlive(ms as number));
    this.#primary.onMessage(MESSAGES.socket, (data, handle) => {
      const client = data as HandedClient | undefined;
      // The primary has it too, and gives it to another one.
      if (handle === undefined || (client !== undefined && isExpired(client))) return false;
      const socket = handle as Socket;
      if (client === undefined) load.noteChange();
      else this.#ids.set(socket, client.id);
      keep(socket, client?.bytes ?? '');
      // Before the primary knows, it may give the client to another one.
      return () => edge.take(socket);
    });
  }

  /** A socket that the edge was given is closed. */
  readonly ended = (socket: Socket): void => {
    const id = this.#ids.get(socket);
    if (id === undefined) this.#load?.noteChange();
    else this.#primary.link.tell(MESSAGES.free, [id, this.#edge?.requestCount]);
    this.#ids.delete(socket);
  };
}

/**
 * Until it is served, a reset must not end the process, nor the end of what the client sends that of the connection.
 *
 * @param bytes in base64
 */
function keep(socket: Socket, bytes: string): void {
  socket.on('error', () => {});
  socket.allowHalfOpen = true;
  if (bytes !== '') socket.unshift(Buffer.from(bytes, 'base64'));
}
