import type { Socket } from 'node:net';
import type { Admission, Seat, Shortage } from '../backplane/admission.ts';
import type { LogHolder } from '../log.ts';
import { unmapAddress } from '../request/client-address.ts';

/** What a door tells the edge. */
export interface DoorEvents {
  /** The socket has a seat, and can carry HTTP or a TLS handshake. Nothing of it was read. */
  entered(socket: Socket): void;
  /** A socket that came is closed, whether it got in or not. */
  left(socket: Socket): void;
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
  #count = 0;

  constructor(admission: Admission, events: DoorEvents, log: LogHolder) {
    this.#admission = admission;
    this.#events = events;
    this.#log = log;
  }

  /** How many sockets came that are not closed. */
  get count(): number {
    return this.#count;
  }

  accept(socket: Socket): void {
    let seat: Seat | undefined;
    this.#count += 1;
    socket.once('close', () => {
      seat?.release();
      this.#count -= 1;
      this.#waiting.delete(socket);
      this.#events.left(socket);
    });
    const settle = (outcome: Seat | Shortage): void => {
      if (typeof outcome === 'string') this.#turnAway(socket, outcome);
      else if (socket.destroyed) outcome.release();
      else {
        seat = outcome;
        this.#events.entered(socket);
      }
    };
    const outcome = this.#admission.reserve(socket.remoteAddress ?? '');
    if (outcome instanceof Promise) this.#await(socket, outcome, settle);
    else settle(outcome);
  }

  /** Turns away who waits. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #await(socket: Socket, outcome: Promise<Seat | Shortage>, settle: (outcome: Seat | Shortage) => void): void {
    this.#waiting.add(socket);
    // A client that resets the connection meanwhile must not end the process.
    socket.on('error', ignore);
    outcome.then(
      (late) => {
        this.#waiting.delete(socket);
        settle(late);
      },
      (error: Error) => {
        socket.destroy();
        this.#events.failed(error);
      },
    );
  }

  #turnAway(socket: Socket, limit: Shortage): void {
    if (this.#log.verbose)
      this.#log.logger.debug(
        { address: unmapAddress(socket.remoteAddress ?? ''), limit },
        'A connection over the limit was closed.',
      );
    socket.destroy();
  }
}

function ignore(): void {}
