/**
 * Why a call over a link has no answer.
 *
 * - `ERR_PREFORK_LINK_CLOSED`: the other process is gone, or goes; the call may have taken effect.
 * - `ERR_PREFORK_LINK_FULL`: too much waits for the other process; the call was not sent.
 * - `ERR_PREFORK_REMOTE`: what was called there has failed; the message is that of its error.
 */
export class LinkError extends Error {
  override readonly name: string = 'LinkError';
  readonly code: 'ERR_PREFORK_LINK_CLOSED' | 'ERR_PREFORK_LINK_FULL' | 'ERR_PREFORK_REMOTE';

  constructor(message: string, code: LinkError['code']) {
    super(message);
    this.code = code;
  }
}
