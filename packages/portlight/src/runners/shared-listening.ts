import type { Primary } from '@portlight/prefork';
import type { Listener } from '../ports/listener.ts';
import { MESSAGES } from './child-protocol.ts';
import { LoadTeller } from './load-teller.ts';
import { mostConnections } from './port-sharing.ts';

/** A child's part in a port that all children share: see `PortSharing`. */
export class SharedListening {
  readonly #primary: Primary;
  readonly #listener: Listener;
  readonly #backlog: number;
  readonly #count: () => number;
  readonly #load: LoadTeller;
  #mean = 0;
  /** How many connections it may have in any case. */
  #until = 0;
  #first: { resolve(): void; reject(error: unknown): void } | undefined;

  /** @param count how many connections there are */
  constructor(primary: Primary, listener: Listener, backlog: number, count: () => number) {
    this.#primary = primary;
    this.#listener = listener;
    this.#backlog = backlog;
    this.#count = count;
    this.#load = new LoadTeller(primary, count);
    primary.onMessage(MESSAGES.port, (data, handle) => this.#take(data as { readonly until: number }, handle));
    primary.link.on(MESSAGES.mean, (mean) => (this.#mean = mean as number));
    primary.link.on(MESSAGES.leavePort, () => this.#leave());
    primary.link.on(MESSAGES.portClosed, () => this.#first?.resolve());
    listener.server.on('connection', (socket) => {
      this.#load.noteChange();
      socket.once('close', () => this.#load.noteChange());
      if (this.#count() > Math.max(this.#until, mostConnections(this.#mean))) this.#leave();
    });
  }

  /** Resolves when it listens, or the app stops and nobody shall. @throws the error of the system */
  open(): Promise<void> {
    const first = new Promise<void>((resolve, reject) => (this.#first = { resolve, reject }));
    this.#ask();
    return first;
  }

  #ask(): void {
    const count = this.#count();
    this.#load.noteTold(count);
    this.#primary.link.tell(MESSAGES.askForPort, count);
  }

  #take({ until }: { readonly until: number }, handle: object | undefined): boolean {
    if (handle === undefined || this.#listener.isClosed || this.#listener.isListening) return false;
    this.#until = until;
    this.#listener.share(handle, this.#backlog).then(
      () => this.#first?.resolve(),
      (error: unknown) => this.#first?.reject(error),
    );
    return true;
  }

  #leave(): void {
    if (!this.#listener.isListening) return;
    this.#listener.pause();
    this.#ask();
  }
}
