/**
 * Root of all errors that Portlight makes.
 *
 * Tell them apart by `code`: two copies of the package in one process have two classes, but one code.
 */
export abstract class PortlightError extends Error {
  /** Stable, begins with `ERR_PORTLIGHT_`, except where an app gave a code of its own; listed in docs/errors.md. */
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  static {
    this.prototype.name = 'PortlightError';
  }
}
