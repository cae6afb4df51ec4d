import { Socket } from 'node:net';
import { IpcPort } from '../control/ipc-port.ts';
import { StreamPort } from '../link/stream-port.ts';
import { LINK_DESCRIPTOR } from '../start/start-child.ts';
import type { OwnProcess } from './own-process.ts';
import { startWatchdog } from './watchdog.ts';

/** This process, which a supervisor started. */
export function nodeProcess(): OwnProcess {
  const pipe = new Socket({ fd: LINK_DESCRIPTOR, readable: true, writable: true });
  const control = new IpcPort(process);
  pipe.unref();
  return {
    control,
    port: new StreamPort(pipe),
    // Undefined where the primary is gone already.
    hold: () => process.channel?.ref(),
    leave: (code) => {
      if (code !== 0) process.exitCode ??= code;
      process.channel?.unref();
      pipe.ref();
    },
    exit: (code) => process.exit(process.exitCode ?? code),
    watch: startWatchdog,
  };
}
