import { CONTROL_VERSION } from '../control/control-message.ts';
import { PreforkError } from '../prefork-error.ts';
import { type Marker, takeMarker } from '../start/marker.ts';
import { nodeProcess } from './node-process.ts';
import { Primary } from './primary.ts';

/** One for all copies of this package in a process. */
const PLACE: symbol = Symbol.for('@portlight/prefork primary');

const holder = globalThis as { [PLACE]?: Primary };

/** The primary of this process, the same object each time; `undefined` where no supervisor started it. */
export function connectToPrimary(): Primary | undefined {
  return holder[PLACE];
}

// As soon as this file is loaded: what fails from here on is told, and what this process starts is no child.
const marker = typeof process.send === 'function' ? takeMarker(process.env) : undefined;
if (marker !== undefined) holder[PLACE] ??= connect(marker);

/** @throws {PreforkError} when the primary runs another version of this package */
function connect(marker: Marker): Primary {
  if (marker.version !== CONTROL_VERSION)
    throw new PreforkError(
      'The files of @portlight/prefork have changed since the primary was started: start the app anew.',
      'ERR_PREFORK_VERSION',
    );
  const primary = new Primary(marker, nodeProcess());
  process.channel?.unref();
  process.on('uncaughtExceptionMonitor', (error) => primary.fail(error));
  process.on('SIGTERM', () => primary.drain('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => {});
  if (!process.connected) primary.lose();
  return primary;
}
