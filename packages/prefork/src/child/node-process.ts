import { IpcPort } from '../ports/ipc-port.ts';
import { StreamPort } from '../ports/stream-port.ts';
import { LINK_DESCRIPTOR } from '../start/start-child.ts';
import type { OwnProcess } from './own-process.ts';
import { startWatchdog } from './watchdog.ts';

/** This process, which a supervisor started. */
export function nodeProcess(): OwnProcess {
  const control = new IpcPort(process);
  const port = StreamPort.open(LINK_DESCRIPTOR);
  port.hold(false);
  return {
    control,
    port,
    // Undefined where the primary is gone already.
    hold: () => process.channel?.ref(),
    leave: (code) => {
      if (code !== 0) process.exitCode ??= code;
      process.channel?.unref();
      port.hold(true);
    },
    exit: (code) => process.exit(process.exitCode ?? code),
    watch: startWatchdog,
  };
}
