import type { ParsedAddress } from '../config/address.ts';
import {
  AddressNotFoundError,
  describePlace,
  ListenError,
  PortInUseError,
  PortNotAllowedError,
} from '../errors/listen-error.ts';
import { findPortHolders } from './port-holder.ts';
import { explainUnixSocket } from './unix-socket.ts';

/** Why the server cannot listen, after the system refused it. */
export async function toListenError(
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
