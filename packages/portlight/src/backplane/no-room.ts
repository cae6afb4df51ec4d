import { ServiceUnavailableError } from '../errors/http-error.ts';

/** Where values are kept there is no room for another one: a 503. */
export function noRoom(): ServiceUnavailableError {
  return new ServiceUnavailableError('There is no room for another value.', { headers: { 'retry-after': '10' } });
}
