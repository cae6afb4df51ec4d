import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULTS } from '../defaults.ts';
import type { Logger } from '../log.ts';
import { isPortFree } from './is-port-free.ts';
import { describeProcess, findPortHolder, type PortHolder } from './port-holder.ts';

/**
 * Ends the process that listens on a port: SIGTERM, and SIGKILL if it still lives two seconds later. Only a process of
 * the same user, never this one, its parent or the first of the system; and before each signal it must still be the same.
 *
 * @returns whether the port was taken and is free now
 */
export async function freePort(port: number, log: Logger): Promise<boolean> {
  const holder = await findPortHolder(port);
  if (holder === undefined) return false;
  const reason = whySpared(holder);
  if (reason !== undefined) {
    log.warn({ port, pid: holder.pid, command: holder.command }, `The port is held by ${reason}, which is not ended.`);
    return false;
  }
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isStillThere(holder))) break;
    log.warn({ port, pid: holder.pid, command: holder.command, signal }, 'Ending the process that holds the port.');
    if (!tryToSignal(holder.pid, signal)) return false;
    if (await becomesFree(port)) return true;
  }
  return isPortFree(port);
}

function whySpared({ pid, uid }: PortHolder): string | undefined {
  if (pid === process.pid) return 'this process itself';
  if (pid === process.ppid) return 'the parent of this process';
  if (pid <= 1) return 'the first process of the system';
  return uid === process.getuid?.() ? undefined : 'a process of another user';
}

async function isStillThere(holder: PortHolder): Promise<boolean> {
  return (await describeProcess(holder.pid))?.startedAt === holder.startedAt;
}

function tryToSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The system does not tell when a process that is no child lets go of its sockets, so it is asked again and again. */
async function becomesFree(port: number): Promise<boolean> {
  const deadline = performance.now() + DEFAULTS.portHolderMs;
  while (performance.now() < deadline) {
    if (await isPortFree(port)) return true;
    await delay(20);
  }
  return false;
}
