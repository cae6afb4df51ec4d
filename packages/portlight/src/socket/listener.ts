import { createServer, type Server, type Socket } from 'node:net';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import { AddressNotFoundError, describePlace, ListenError, PortInUseError, PortNotAllowedError } from '../errors/listen-error.ts';
import { findPortHolders } from './port-holder.ts';
import { clearStaleSocket, explainUnixSocket } from './unix-socket.ts';

/** The accepting socket of a server. It owns no connection: each goes to `onConnection` at once. */
export class Listener {
  readonly server: Server;

  constructor(onConnection: (socket: Socket) => void) {
    // A client that has sent its request may close its side and still be answered; small responses leave at once.
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
  }

  /** Resolves to the address it is bound to. @throws {ListenError} when it cannot be */
  async listen(at: ParsedAddress, backlog: number): Promise<ServerAddress> {
    const { protocol, address, port } = at;
    if (protocol === 'unix') await clearStaleSocket(address);
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(protocol === 'unix' ? { path: address, backlog } : { host: address, port, backlog }, () => {
        this.server.off('error', reject);
        resolve();
      });
    }).catch(async (error: unknown) => {
      throw await toListenError(error as NodeJS.ErrnoException, at);
    });
    const bound = this.server.address();
    return typeof bound === 'object' && bound !== null ? { address: bound.address, port: bound.port } : { address, port };
  }

  get isListening(): boolean {
    return this.server.listening;
  }

  /** Accepts nothing more. Connections that are open stay open. */
  stopAccepting(): void {
    if (this.server.listening) this.server.close();
  }
}

async function toListenError(error: NodeJS.ErrnoException, { protocol, address, port }: ParsedAddress): Promise<ListenError> {
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
      return new ListenError(`Cannot listen on ${describePlace(address, port)}: ${error.message}`, address, port, error);
  }
}
