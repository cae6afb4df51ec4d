import type { ErrorCode } from './error-code.ts';
import { PortlightError } from './portlight-error.ts';

/** What processes share cannot be had: the reason why a server does not start, or a call fails. */
export class BackplaneError extends PortlightError {
  constructor(message: string, code: ErrorCode = 'ERR_PORTLIGHT_BACKPLANE_TIMEOUT', cause?: unknown) {
    super(message, code, cause);
  }

  static {
    this.prototype.name = 'BackplaneError';
  }
}
