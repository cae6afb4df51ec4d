import { ConfigError } from '../errors/config-error.ts';
import { showValue } from '../errors/show-value.ts';

/** Far more than any machine has use for; a number beyond it is another number that went to the wrong place. */
export const MOST_PROCESSES = 1_024;

/** What `setMaxProcesses` takes. @throws {ConfigError} */
export function toMaxProcesses(count: unknown): number {
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= MOST_PROCESSES) return count;
  throw new ConfigError(
    `setMaxProcesses takes a whole number of processes from 1 to ${MOST_PROCESSES}, not ${showValue(count)}.`,
    'ERR_PORTLIGHT_INVALID_OPTION',
  );
}
