import type { ErrorCode } from './error-code.ts';
import { PortlightError } from './portlight-error.ts';

/** The server could not listen. `cause` is the error of the operating system. */
export class ListenError extends PortlightError {
  readonly address: string;
  readonly port: number;

  constructor(
    message: string,
    address: string,
    port: number,
    cause?: unknown,
    code: ErrorCode = 'ERR_PORTLIGHT_LISTEN',
  ) {
    super(message, code, cause);
    this.address = address;
    this.port = port;
  }

  static {
    this.prototype.name = 'ListenError';
  }
}

/** @returns how a place to listen on is named in a sentence */
export function describePlace(address: string, port: number): string {
  return address.startsWith('/') ? `the socket ${address}` : `port ${port} of ${address}`;
}

/** Something else listens on the port or unix socket (`EADDRINUSE`). */
export class PortInUseError extends ListenError {
  /** The process that holds the port, where that can be known: on Linux, of the same user. */
  readonly pid: number | undefined;
  /** Its command line. */
  readonly command: string | undefined;

  constructor(
    address: string,
    port: number,
    cause?: unknown,
    holder?: { readonly pid: number; readonly command: string },
  ) {
    const what = address.startsWith('/') ? `The socket ${address}` : `Port ${port} on ${address}`;
    const by = holder === undefined ? 'another listener' : `process ${holder.pid} (${holder.command})`;
    super(`${what} is in use by ${by}.`, address, port, cause, 'ERR_PORTLIGHT_PORT_IN_USE');
    this.pid = holder?.pid;
    this.command = holder?.command;
  }

  static {
    this.prototype.name = 'PortInUseError';
  }
}

/**
 * This user may not listen on the port, or not make a socket in the folder (`EACCES`); ports below 1024 usually need a
 * privilege.
 */
export class PortNotAllowedError extends ListenError {
  constructor(address: string, port: number, cause?: unknown) {
    const why = address.startsWith('/') ? ': it may not write into the folder' : '';
    super(
      `This user may not listen on ${describePlace(address, port)}${why}.`,
      address,
      port,
      cause,
      'ERR_PORTLIGHT_PORT_NOT_ALLOWED',
    );
  }

  static {
    this.prototype.name = 'PortNotAllowedError';
  }
}

/** The address is none of this machine's, or the host name has no address (`EADDRNOTAVAIL`, `ENOTFOUND`). */
export class AddressNotFoundError extends ListenError {
  constructor(address: string, port: number, cause?: unknown) {
    super(
      `The address ${address} is not one that this machine can listen on.`,
      address,
      port,
      cause,
      'ERR_PORTLIGHT_ADDRESS_NOT_FOUND',
    );
  }

  static {
    this.prototype.name = 'AddressNotFoundError';
  }
}
