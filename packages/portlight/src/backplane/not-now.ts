import { DEFAULTS } from '../defaults.ts';
import { ServiceUnavailableError } from '../errors/http-error.ts';

/** What cannot be done as long as the backplane cannot be reached: a 503 whose message the client may read. */
export function notNow(message: string, cause?: unknown): ServiceUnavailableError {
  const headers = { 'retry-after': String(DEFAULTS.outageRetrySeconds) };
  return new ServiceUnavailableError(message, { headers, cause, expose: true });
}
