import type { Socket } from 'node:net';
import type { Admission, Seat, Shortage } from '../backplane/admission.ts';
import type { LogHolder } from '../log.ts';
import { unmapAddress } from '../request/client-address.ts';

/** What a door tells the edge. */
export interface DoorEvents {
  /** The socket has a seat, and can carry HTTP or a TLS handshake. Nothing of it was read. */
  entered(socket: Socket): void;
  /** One that waited does so no longer. */
  left(): void;
  /** It could not be found out whether there is a seat. */
  failed(error: Error): void;
}

/**
 * Lets sockets in: each needs a seat, which it has until it is closed. What clients send while a seat is looked for
 * stays in their sockets.
 */
export class Door {
  readonly #admission: Admission;
  readonly #events: DoorEvents;
  readonly #log: LogHolder;
  /** For whom a seat is looked for. */
  readonly #waiting: Set<Socket> = new Set();

  constructor(admission: Admission, events: DoorEvents, log: LogHolder) {
    this.#admission = admission;
    this.#events = events;
    this.#log = log;
  }

  /** How many sockets wait for a seat. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  accept(socket: Socket): void {
    const seat = this.#admission.reserve(socket.remoteAddress ?? '');
    if (seat instanceof Promise) this.#await(socket, seat);
    else this.#seat(socket, seat);
  }

  /** Turns away who waits. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #await(socket: Socket, seat: Promise<Seat | Shortage>): void {
    this.#waiting.add(socket);
    // A client that resets the connection meanwhile must not end the process.
    socket.on('error', ignore);
    socket.once('close', () => this.#leave(socket));
    seat.then(
      (late) => {
        this.#seat(socket, late);
        this.#leave(socket);
      },
      (error: Error) => {
        socket.destroy();
        this.#events.failed(error);
      },
    );
  }

  #leave(socket: Socket): void {
    if (this.#waiting.delete(socket)) this.#events.left();
  }

  #seat(socket: Socket, seat: Seat | Shortage): void {
    if (typeof seat === 'string') {
      if (this.#log.verbose)
        this.#log.logger.debug(
          { address: unmapAddress(socket.remoteAddress ?? ''), limit: seat },
          'A connection over the limit was closed.',
        );
      socket.destroy();
    } else if (socket.destroyed) seat.release();
    else {
      socket.once('close', () => seat.release());
      this.#events.entered(socket);
    }
  }
}

function ignore(): void {}
