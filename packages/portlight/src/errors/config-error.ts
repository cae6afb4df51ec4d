import type { ErrorCode } from './error-code.ts';
import { PortlightError } from './portlight-error.ts';

/**
 * The app is set up wrongly: a bad option, pattern or handler, a route registered twice, a call that comes too late.
 *
 * Thrown at the call that is wrong, never while requests are served. The message names the route or option, the
 * value, and what would be right.
 */
export class ConfigError extends PortlightError {
  constructor(message: string, code: ErrorCode = 'ERR_PORTLIGHT_CONFIG', cause?: unknown) {
    super(message, code, cause);
  }

  static {
    this.prototype.name = 'ConfigError';
  }
}
