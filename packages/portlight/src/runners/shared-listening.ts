import type { Primary } from '@portlight/prefork';
import { DEFAULTS } from '../defaults.ts';
import type { Listener } from '../ports/listener.ts';
import { MESSAGES } from './child-protocol.ts';
import { mostConnections } from './port-sharing.ts';

/** A child's part in a port that all children share: see `PortSharing`. */
export class SharedListening {
  readonly #primary: Primary;
  readonly #listener: Listener;
  readonly #backlog: number;
  readonly #count: () => number;
  #mean = 0;
  /** How many connections it may have in any case. */
  #until = 0;
  /** What the primary was told last. */
  #told = 0;
  #timer: NodeJS.Timeout | undefined;
  #first: { resolve(): void; reject(error: unknown): void } | undefined;

  /** @param count how many connections there are */
  constructor(primary: Primary, listener: Listener, backlog: number, count: () => number) {
    this.#primary = primary;
    this.#listener = listener;
    this.#backlog = backlog;
    this.#count = count;
    primary.onMessage(MESSAGES.port, (data, handle) => this.#take(data as { readonly until: number }, handle));
    primary.link.on(MESSAGES.mean, (mean) => (this.#mean = mean as number));
    primary.link.on(MESSAGES.leavePort, () => this.#leave());
    primary.link.on(MESSAGES.portClosed, () => this.#first?.resolve());
    listener.server.on('connection', (socket) => {
      this.#noteChange();
      socket.once('close', () => this.#noteChange());
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
    this.#told = this.#count();
    this.#primary.link.tell(MESSAGES.askForPort, this.#told);
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

  /** The number of connections has changed: the primary is told soon, once for many. */
  #noteChange(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const count = this.#count();
      if (count !== this.#told) this.#primary.link.tell(MESSAGES.load, count);
      this.#told = count;
    }, DEFAULTS.loadTellMs).unref();
  }
}
