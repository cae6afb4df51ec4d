import type { Worker } from '@portlight/prefork';
import type { Server, Socket } from 'node:net';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import type { LogHolder } from '../log.ts';
import { AcceptingPort } from './accepting-port.ts';
import { MESSAGES } from './child-protocol.ts';
import type { PortDesk } from './port-desk.ts';

interface Taker {
  readonly worker: Worker;
  /** What it has said, and what it was handed since. */
  connections: number;
}

/**
 * This process accepts, and hands each socket to the child with the fewest: where Node cannot have children share a
 * port. A socket that a child does not take is handed to another; one that waits in a child that is stuck waits there.
 */
export class HandingPortDesk implements PortDesk {
  readonly accepts = 'primary';
  readonly admits = false;
  readonly #port: AcceptingPort;
  readonly #takers: Map<string, Taker> = new Map();
  /** Until a child is there. */
  readonly #waiting: Set<Socket> = new Set();

  constructor(at: ParsedAddress, backlog: number, log: LogHolder) {
    this.#port = new AcceptingPort(at, backlog, log, (socket) => this.#hand(socket));
  }

  get address(): ServerAddress | undefined {
    return this.#port.address;
  }

  get server(): Server | undefined {
    return this.#port.server;
  }

  open(): Promise<void> {
    return this.#port.open();
  }

  serve({ key, link }: Worker): void {
    link.on(MESSAGES.load, (connections) => {
      const taker = this.#takers.get(key);
      if (taker !== undefined) taker.connections = connections as number;
    });
  }

  ready(worker: Worker): void {
    this.#takers.set(worker.key, { worker, connections: 0 });
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const socket of waiting) this.#hand(socket);
  }

  leave({ key }: Worker): void {
    this.#takers.delete(key);
  }

  close(): number {
    this.#port.close();
    for (const socket of this.#waiting) socket.destroy();
    this.#waiting.clear();
    return 0;
  }

  /** @param others that did not take it */
  #hand(socket: Socket, others: readonly Taker[] = []): void {
    const [taker] = [...this.#takers.values()]
      .filter((each) => !others.includes(each))
      .toSorted((one, other) => one.connections - other.connections);
    if (taker === undefined) return this.#keep(socket, others);
    const { worker } = taker;
    taker.connections += 1;
    // Last among those that have as many.
    this.#takers.delete(worker.key);
    this.#takers.set(worker.key, taker);
    void worker.send(MESSAGES.socket, undefined, socket).then((isTaken) => {
      // Both processes have it; here it is closed without a word to the client.
      if (isTaken) socket.destroy();
      else this.#hand(socket, [...others, taker]);
    });
  }

  /** Until a child is there. */
  #keep(socket: Socket, others: readonly Taker[]): void {
    if (others.length > 0 && this.#takers.size > 0) {
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    socket.once('close', () => this.#waiting.delete(socket));
  }
}
