import { ConfigError } from '../errors/config-error.ts';

/** @throws {ConfigError} @param what the call takes, as its sentence names it */
export function assertFunction(
  value: unknown,
  call: string,
  what: string,
): asserts value is (...args: never[]) => unknown {
  if (typeof value === 'function') return;
  throw new ConfigError(`${call} needs ${what}, a function, not ${value === null ? 'null' : typeof value}.`);
}
