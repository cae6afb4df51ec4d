import { PortlightError } from './portlight-error.ts';

/** A child process ended, or said nothing for too long, before it served, and did not say why. */
export class WorkerError extends PortlightError {
  constructor(message: string, cause?: unknown) {
    super(message, 'ERR_PORTLIGHT_WORKER', cause);
  }

  static {
    this.prototype.name = 'WorkerError';
  }
}
