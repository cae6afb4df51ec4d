import { ConfigError } from '../errors/config-error.ts';
import { showValue } from '../errors/show-value.ts';

export interface ShutdownOptions {
  /** How long to wait for what is under way before it is cut, in ms. @default the option `drainTimeoutMs`, 10_000 */
  readonly timeoutMs?: number | undefined;
  /** Also ends another process that holds the port afterwards, as `freePortIfStuck` does. @default false */
  readonly kill?: boolean | undefined;
}

/** @throws {ConfigError} */
export function assertShutdownOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new ConfigError(`shutdown takes options such as { timeoutMs: 5000 }, not ${String(options)}.`);
  const unknown = Object.keys(options).find((name) => name !== 'timeoutMs' && name !== 'kill');
  if (unknown !== undefined)
    throw new ConfigError(`shutdown has no option ${JSON.stringify(unknown)}.`, 'ERR_PORTLIGHT_INVALID_OPTION');
  const { timeoutMs, kill } = options as ShutdownOptions;
  if (kill !== undefined && typeof kill !== 'boolean')
    throw new ConfigError(
      `shutdown takes true or false for kill, not ${showValue(kill)}.`,
      'ERR_PORTLIGHT_INVALID_OPTION',
    );
  if (timeoutMs === undefined) return;
  if (typeof timeoutMs === 'number' && Number.isInteger(timeoutMs) && timeoutMs >= 0 && timeoutMs <= 86_400_000) return;
  throw new ConfigError(
    `shutdown waits for a whole number of milliseconds from 0 to 86400000, not ${String(timeoutMs)}.`,
    'ERR_PORTLIGHT_INVALID_OPTION',
  );
}
