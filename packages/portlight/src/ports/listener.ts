import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import { toListenError } from './to-listen-error.ts';
import { toPlace } from './to-place.ts';

/** The accepting socket of a server. It owns no connection: each goes to whom it feeds, at once. */
export class Listener {
  readonly server: Server;
  #isClosed = false;

  /** @param pauseOnConnect whether nothing is read of what it accepts, until somebody else does */
  constructor({ pauseOnConnect = false }: { readonly pauseOnConnect?: boolean } = {}) {
    // A client that has sent its request may close its side and still be answered; small responses leave at once.
    this.server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect });
  }

  /**
   * Who gets what it accepts; to be said once, before it listens.
   *
   * @param onError told what goes wrong while it listens, such as a connection that cannot be accepted for want of
   *   descriptors; it listens on
   */
  feed(onConnection: (socket: Socket) => void, onError: (error: Error) => void): void {
    this.server.on('connection', onConnection);
    this.server.on('error', (error) => {
      if (this.server.listening) onError(error);
    });
  }

  /** Resolves to the address it is bound to. @throws {ListenError} when it cannot be, or it was closed meanwhile */
  async listen(at: ParsedAddress, backlog: number): Promise<ServerAddress> {
    const { address, port } = at;
    try {
      await this.#bind(await toPlace(at), backlog);
    } catch (error) {
      throw await toListenError(error as NodeJS.ErrnoException, at);
    }
    const bound = this.server.address();
    return typeof bound === 'object' && bound !== null
      ? { address: bound.address, port: bound.port }
      : { address, port };
  }

  /**
   * Accepts at a place that somebody else is bound to.
   *
   * @param handle what Node has of it; see `SharedPort`
   * @throws the error of the system
   */
  share(handle: object, backlog: number): Promise<void> {
    return this.#bind(handle, backlog);
  }

  get isListening(): boolean {
    return this.server.listening;
  }

  /** Whether it will never listen again. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Accepts nothing until it is given a handle again. Connections that are open stay open. */
  pause(): void {
    if (this.server.listening) this.server.close();
  }

  /** Accepts nothing more, and never will. Connections that are open stay open. */
  stopAccepting(): void {
    this.#isClosed = true;
    this.pause();
  }

  async #bind(place: ListenOptions | object, backlog: number): Promise<void> {
    const { server } = this;
    const assertOpen = (): void => {
      if (this.#isClosed) throw new Error('it was closed before it listened.');
    };
    assertOpen();
    return new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => {
        server.off('listening', onListening);
        reject(error);
      };
      const onListening = (): void => {
        server.off('error', onError);
        if (this.#isClosed) server.close();
        resolve();
      };
      server.once('error', onError).once('listening', onListening);
      // A handle knows no backlog, and options bring theirs.
      if ('path' in place || 'host' in place) server.listen({ ...place, backlog });
      else server.listen(place, backlog);
    }).then(assertOpen);
  }
}
