import { ConfigError } from '../errors/config-error.ts';

/** @throws {ConfigError} */
export function assertHandler<Handler>(handler: Handler, call: string): Handler {
  if (typeof handler === 'function') return handler;
  throw new ConfigError(`${call} takes a handler, a function, not ${handler === null ? 'null' : typeof handler}.`);
}
