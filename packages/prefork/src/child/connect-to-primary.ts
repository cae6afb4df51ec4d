import { Socket } from 'node:net';
import { IpcPort } from '../control/ipc-port.ts';
import { StreamPort } from '../link/stream-port.ts';
import { type Marker, takeMarker } from '../start/marker.ts';
import { LINK_DESCRIPTOR } from '../start/start-child.ts';
import { Primary } from './primary.ts';

/** One for all copies of this package in a process. */
const PLACE: symbol = Symbol.for('@portlight/prefork primary');

const holder = globalThis as { [PLACE]?: Primary };

/** The primary of this process; `undefined` where no supervisor started it. The same one each time. */
export function connectToPrimary(): Primary | undefined {
  return holder[PLACE];
}

// At once: whatever this process starts or does next, it is known whose child it is.
const marker = typeof process.send === 'function' ? takeMarker(process.env) : undefined;
if (marker !== undefined) holder[PLACE] ??= connect(marker);

function connect({ name, id, key }: Marker): Primary {
  const pipe = new Socket({ fd: LINK_DESCRIPTOR, readable: true, writable: true });
  pipe.unref();
  const primary = new Primary({
    name,
    id,
    key,
    control: new IpcPort(process),
    port: new StreamPort(pipe),
    end: () => process.exit(),
  });
  process.on('uncaughtExceptionMonitor', (error) => primary.fail(error));
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  return primary;
}
