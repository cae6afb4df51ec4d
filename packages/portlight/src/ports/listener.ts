import { lookup } from 'node:dns/promises';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import {
  AddressNotFoundError,
  describePlace,
  ListenError,
  PortInUseError,
  PortNotAllowedError,
} from '../errors/listen-error.ts';
import { findPortHolders } from './port-holder.ts';
import { clearStaleSocket, explainUnixSocket } from './unix-socket.ts';

/** The accepting socket of a server. It owns no connection: each goes to whom it feeds, at once. */
export class Listener {
  readonly server: Server;
  #isClosed = false;

  constructor() {
    // A client that has sent its request may close its side and still be answered; small responses leave at once.
    this.server = createServer({ allowHalfOpen: true, noDelay: true });
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

  get isListening(): boolean {
    return this.server.listening;
  }

  /** Accepts nothing more, and never will. Connections that are open stay open. */
  stopAccepting(): void {
    this.#isClosed = true;
    if (this.server.listening) this.server.close();
  }

  async #bind(
    place: { readonly path: string } | { readonly host: string; readonly port: number },
    backlog: number,
  ): Promise<void> {
    const { server } = this;
    const assertOpen = (): void => {
      if (this.#isClosed) throw new Error('it was closed before it listened.');
    };
    assertOpen();
    return new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...place, backlog }, () => {
        server.off('error', reject);
        if (this.#isClosed) server.close();
        resolve();
      });
    }).then(assertOpen);
  }
}

/**
 * Where Node is to listen. A name is resolved here, as nothing ends a lookup of Node's own: it would listen after a
 * stop.
 */
async function toPlace({
  protocol,
  address,
  port,
}: ParsedAddress): Promise<{ path: string } | { host: string; port: number }> {
  if (protocol !== 'unix') return { host: isIP(address) === 0 ? (await lookup(address)).address : address, port };
  await clearStaleSocket(address);
  return { path: address };
}

async function toListenError(
  error: NodeJS.ErrnoException,
  { protocol, address, port }: ParsedAddress,
): Promise<ListenError> {
  if (error instanceof ListenError) return error;
  if (error.code === 'EADDRINUSE') return new PortInUseError(address, port, error, (await findPortHolders(port))[0]);
  if (protocol === 'unix') return explainUnixSocket(address, error);
  switch (error.code) {
    case 'EACCES':
      return new PortNotAllowedError(address, port, error);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new AddressNotFoundError(address, port, error);
    default:
      return new ListenError(
        `Cannot listen on ${describePlace(address, port)}: ${error.message}`,
        address,
        port,
        error,
      );
  }
}
