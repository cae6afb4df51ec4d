/**
 * Why children are not started, or serve no more.
 *
 * - `ERR_PREFORK_CONFIG`: an option is wrong, or a child tries to have children.
 * - `ERR_PREFORK_NO_ENTRY`: there is no file that a child could be started from: `node -e`, standard input, the REPL.
 * - `ERR_PREFORK_BOOT`: a child ended, or said nothing for too long, before it was ready; its own error is the cause.
 * - `ERR_PREFORK_GAVE_UP`: children end again and again before they are ready; the error of the last is the cause.
 * - `ERR_PREFORK_STOPPED`: a stop came before the children were ready, or before the start.
 * - `ERR_PREFORK_VERSION`: primary and child were not started from the same version of this package.
 */
export class PreforkError extends Error {
  override readonly name: string = 'PreforkError';
  readonly code: PreforkErrorCode;

  constructor(message: string, code: PreforkErrorCode, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export type PreforkErrorCode =
  | 'ERR_PREFORK_CONFIG'
  | 'ERR_PREFORK_NO_ENTRY'
  | 'ERR_PREFORK_BOOT'
  | 'ERR_PREFORK_GAVE_UP'
  | 'ERR_PREFORK_STOPPED'
  | 'ERR_PREFORK_VERSION';
