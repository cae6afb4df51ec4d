import { CONTROL_VERSION } from '../control/control-message.ts';
import { childCommand, type CommandOptions } from '../start/child-command.ts';
import { formatMarker } from '../start/marker.ts';
import type { StartChild, StartedChild } from '../start/started-child.ts';
import { unstartedChild } from '../start/unstarted-child.ts';
import type { SupervisorSettings } from './supervisor-options.ts';

/** Several missed reports make a silence. */
const REPORTS_IN_SILENCE = 5;
const MAX_REPORT_INTERVAL_MS = 1_000;

/** Starts the process of a seat. One that cannot be started has ended with the error. */
export type SeatStarter = (id: number, key: string) => StartedChild;

/**
 * Starts processes that know of their supervisor what they need to.
 *
 * @param start how a process is started
 * @throws {PreforkError} where there is no file to start
 */
export function seatStarter(
  { name, drainTimeoutMs, graceMs, unresponsiveTimeoutMs }: SupervisorSettings,
  options: CommandOptions,
  start: StartChild,
): SeatStarter {
  childCommand(process, options);
  const reportIntervalMs = Math.min(MAX_REPORT_INTERVAL_MS, unresponsiveTimeoutMs / REPORTS_IN_SILENCE);
  return (id, key) => {
    const own = { version: CONTROL_VERSION, name, pid: process.pid, id, key };
    const marker = formatMarker({ ...own, drainTimeoutMs, graceMs, reportIntervalMs });
    try {
      const command = childCommand(process, options);
      return start({ ...command, environment: { ...command.environment, ...marker } });
    } catch (error) {
      return unstartedChild(error as Error);
    }
  };
}
