import type { ErrorCode } from './error-code.ts';
import { PortlightError } from './portlight-error.ts';

/**
 * A handler's reply cannot be sent: a header with a line break, a cookie with a bad name, a value that is no JSON.
 *
 * The client gets a 500; the message is for the one who wrote the handler.
 */
export class ReplyError extends PortlightError {
  constructor(message: string, code: ErrorCode = 'ERR_PORTLIGHT_INVALID_REPLY', cause?: unknown) {
    super(message, code, cause);
  }

  static {
    this.prototype.name = 'ReplyError';
  }
}
