import type { ErrorCode } from './error-code.ts';
import { PortlightError } from './portlight-error.ts';

/**
 * Nobody waits for the answer any more: the reason of `request.signal`, and of a body that ends early.
 *
 * Its name is that of the errors that `fetch` and the timers of Node give, so that one check serves for all.
 */
export class AbortedError extends PortlightError {
  constructor(message: string, code: ErrorCode) {
    super(message, code);
  }

  /** Whether a value is one. Anything may be asked, a proxy too that throws when it is looked at. */
  static is(value: unknown): value is AbortedError {
    try {
      return value instanceof AbortedError;
    } catch {
      return false;
    }
  }

  /** Whether a value is what others make of this when they are given it as a reason: a timer, a stream, `fetch`. */
  static isAlike(value: unknown): boolean {
    try {
      return value instanceof Error && value.name === 'AbortError';
    } catch {
      return false;
    }
  }

  static {
    this.prototype.name = 'AbortError';
  }
}
