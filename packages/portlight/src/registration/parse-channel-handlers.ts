import { assertFunction } from '../config/assert-function.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { ChannelRoute } from '../handlers/channel-route.ts';

const MOMENTS: ReadonlySet<string> = new Set(['upgrade', 'open', 'message', 'drain', 'gap', 'close', 'error']);

/** @throws {ConfigError} on what is neither a function nor an object of them, or has a name that nobody would call */
export function parseChannelHandlers(value: unknown, name: string): ChannelRoute['handlers'] {
  if (typeof value === 'function') return { message: value as NonNullable<ChannelRoute['handlers']['message']> };
  if (typeof value !== 'object' || value === null)
    throw new ConfigError(
      `${name} needs a handler for messages, or an object of handlers, not ${value === null ? 'null' : typeof value}.`,
    );
  for (const [moment, handler] of Object.entries(value)) {
    if (!MOMENTS.has(moment))
      throw new ConfigError(`${name} has no handler ${JSON.stringify(moment)}; there are ${[...MOMENTS].join(', ')}.`);
    if (handler !== undefined) assertFunction(handler, name, `for ${moment} a handler`);
  }
  return value;
}
