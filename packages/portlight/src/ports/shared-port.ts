import net, { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import { toListenError } from './to-listen-error.ts';
import { type Place, toPlace } from './to-place.ts';

/** What Node has of a socket of the system. It can be sent to a child process any number of times. */
interface Handle {
  /** Writes where it is bound, or gives the error of the bind. A unix socket has none. */
  getsockname?(out: { address?: string; port?: number }): number;
  close(): void;
}

/** Binds, and does not listen; a negative number is an error of the system. */
type CreateHandle = (address: string, port: number, family: number) => Handle | number;

const CREATE = '_createServerHandle';
/** Of a file, where Node wants a port and a family. */
const NONE = -1;

/**
 * A place that is bound in one process, where others accept: each is sent the handle and listens on it. The one that is
 * bound accepts nothing itself, as a `net.Server` would.
 *
 * Node has no public name for that. What it uses for its own cluster, `net._createServerHandle`, is there in all
 * versions from 20 to 26; `isSupported` says where it is not.
 */
export class SharedPort {
  readonly address: ServerAddress;
  readonly #handle: Handle;

  /** @param at the address as it was given, of which the system may have left something open */
  private constructor(handle: Handle, at: ParsedAddress) {
    this.#handle = handle;
    const bound: { address?: string; port?: number } = {};
    // That somebody else listens there is told late.
    assertDone(handle.getsockname?.(bound) ?? 0, handle);
    this.address = { address: bound.address ?? at.address, port: bound.port ?? at.port };
  }

  static get isSupported(): boolean {
    return typeof Reflect.get(net, CREATE) === 'function';
  }

  /** @throws {ListenError} */
  static async bind(at: ParsedAddress): Promise<SharedPort> {
    try {
      return new SharedPort(bindTo(await toPlace(at)), at);
    } catch (error) {
      throw await toListenError(error as NodeJS.ErrnoException, at);
    }
  }

  /** To be sent to who is to listen. */
  get handle(): object {
    return this.#handle;
  }

  /** Who listens goes on. The file of a unix socket is removed. */
  close(): void {
    this.#handle.close();
  }
}

function bindTo(place: Place): Handle {
  const create = Reflect.get(net, CREATE) as CreateHandle;
  const handle =
    'path' in place ? create(place.path, NONE, NONE) : create(place.host, place.port, isIPv6(place.host) ? 6 : 4);
  if (typeof handle === 'number') assertDone(handle);
  return handle as Handle;
}

/** @throws the error of the system, where the number says one; then the handle is closed */
function assertDone(errno: number, handle?: Handle): void {
  if (errno === 0) return;
  handle?.close();
  const code = getSystemErrorName(errno);
  throw Object.assign(new Error(`bind ${code}`), { errno, code, syscall: 'bind' });
}
