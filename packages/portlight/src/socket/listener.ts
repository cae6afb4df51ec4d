import { createServer, type Server, type Socket } from 'node:net';
import type { ServerAddress } from '../config/address.ts';
import { AddressNotFoundError, ListenError, PortInUseError, PortNotAllowedError } from '../errors/listen-error.ts';

/** The accepting socket of a server. It owns no connection: each goes to `onConnection` at once. */
export class Listener {
  readonly server: Server;

  constructor(onConnection: (socket: Socket) => void) {
    // A client that has sent its request may close its side and still be answered; small responses leave at once.
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
  }

  /** Resolves to the address it is bound to. @throws {ListenError} when it cannot be */
  async listen(at: ServerAddress, backlog: number): Promise<ServerAddress> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host: at.address, port: at.port, backlog }, () => {
        this.server.off('error', reject);
        resolve();
      });
    }).catch((error: unknown) => {
      throw toListenError(error as NodeJS.ErrnoException, at);
    });
    const bound = this.server.address();
    return typeof bound === 'object' && bound !== null ? { address: bound.address, port: bound.port } : at;
  }

  get isListening(): boolean {
    return this.server.listening;
  }

  /** Accepts nothing more. Connections that are open stay open. */
  stopAccepting(): void {
    if (this.server.listening) this.server.close();
  }
}

function toListenError(error: NodeJS.ErrnoException, { address, port }: ServerAddress): ListenError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new PortInUseError(address, port, error);
    case 'EACCES':
      return new PortNotAllowedError(address, port, error);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new AddressNotFoundError(address, port, error);
    default:
      return new ListenError(`Cannot listen on port ${port} of ${address}: ${error.message}`, address, port, error);
  }
}
