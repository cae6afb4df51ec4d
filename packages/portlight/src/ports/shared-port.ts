import * as net from 'node:net';
import { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import { toListenError } from './to-listen-error.ts';
import { type Place, toPlace } from './to-place.ts';

/** What Node has of a socket of the system. It can be sent to a child process any number of times. */
interface Handle {
  /** Writes where it is bound, or gives the error of the bind; a unix socket has none. */
  getsockname?(out: { address?: string; port?: number }): number;
  close(): void;
}

/** Binds without listening; a negative number is an error of the system. */
type CreateHandle = (address: string, port: number, family: number) => Handle | number;

/** Of a file, where Node wants a port and a family. */
const NONE = -1;

/**
 * A place that is bound in one process, where others accept: each is sent the handle and listens on it. The one that is
 * bound accepts nothing itself, as a `net.Server` would.
 *
 * Node has no public name for that. What it uses for its own cluster, `net._createServerHandle`, is there in all
 * versions from 20 to 26; where it is not, `isSupported` says so.
 */
export class SharedPort {
  readonly handle: object;
  readonly address: ServerAddress;
  readonly #close: () => void;

  private constructor(handle: Handle, address: ServerAddress) {
    this.handle = handle;
    this.address = address;
    this.#close = () => handle.close();
  }

  static get isSupported(): boolean {
    return typeof Reflect.get(net, CREATE) === 'function';
  }

  /** @throws {ListenError} */
  static async bind(at: ParsedAddress): Promise<SharedPort> {
    try {
      return bindTo(await toPlace(at), at, (handle, address) => new SharedPort(handle, address));
    } catch (error) {
      throw await toListenError(error as NodeJS.ErrnoException, at);
    }
  }

  /** Who listens goes on. The file of a unix socket is removed. */
  close(): void {
    this.#close();
  }
}

const CREATE = '_createServerHandle';

function bindTo<Port>(
  place: Place,
  { address, port }: ParsedAddress,
  toPort: (handle: Handle, address: ServerAddress) => Port,
): Port {
  const create = Reflect.get(net, CREATE) as CreateHandle;
  const isFile = 'path' in place;
  const handle = isFile
    ? create(place.path, NONE, NONE)
    : create(place.host, place.port, isIPv6(place.host) ? 6 : 4);
  if (typeof handle === 'number') throw systemError(handle, 'bind');
  if (isFile) return toPort(handle, { address, port });
  const bound: { address?: string; port?: number } = {};
  // That somebody else listens there is told late.
  const code = handle.getsockname?.(bound) ?? 0;
  if (code === 0) return toPort(handle, { address: bound.address ?? address, port: bound.port ?? port });
  handle.close();
  throw systemError(code, 'bind');
}

function systemError(errno: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall });
}
