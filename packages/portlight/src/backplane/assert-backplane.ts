import { ConfigError } from '../errors/config-error.ts';
import type { Backplane } from './backplane.ts';

/** @throws {ConfigError} */
export function assertBackplane(value: unknown): Backplane {
  if (typeof value === 'object' && value !== null) {
    const backplane = value as Partial<Record<keyof Backplane, unknown>>;
    const [parts, calls] = [['limits', 'clients', 'bus', 'values'] as const, ['open', 'close'] as const];
    if (
      parts.every((part) => typeof backplane[part] === 'object' && backplane[part] !== null) &&
      calls.every((call) => typeof backplane[call] === 'function')
    )
      return value as Backplane;
  }
  throw new ConfigError('backplane takes an object that keeps what processes share, such as redis(url) makes one.');
}
