import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULTS } from '../defaults.ts';
import type { Logger } from '../log.ts';
import { isPortFree } from './is-port-free.ts';
import { describeProcess, findPortHolders, type PortHolder } from './port-holder.ts';

/**
 * Ends the processes that listen on a port: SIGTERM, and SIGKILL for one that still listens two seconds later. Only
 * processes of the same user, never this one, its parent or the first of the system; and before each signal it must
 * still be the same.
 *
 * @returns whether the port was taken and is free now
 */
export async function freePort(port: number, log: Logger): Promise<boolean> {
  const holders = await findPortHolders(port);
  for (const holder of holders) {
    const reason = whySpared(holder);
    if (reason === undefined) continue;
    log.warn({ port, pid: holder.pid, command: holder.command }, `The port is held by ${reason}, which is not ended.`);
    return false;
  }
  for (const holder of holders) await end(holder, port, log);
  return holders.length > 0 && (await becomes(() => isPortFree(port)));
}

async function end(holder: PortHolder, port: number, log: Logger): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isStillThere(holder))) return;
    log.warn({ port, pid: holder.pid, command: holder.command, signal }, 'Ending the process that holds the port.');
    if (!tryToSignal(holder.pid, signal)) return;
    if (await becomes(async () => !(await listens(holder, port)))) return;
  }
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

async function listens(holder: PortHolder, port: number): Promise<boolean> {
  return (await findPortHolders(port)).some(
    ({ pid, startedAt }) => pid === holder.pid && startedAt === holder.startedAt,
  );
}

function tryToSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The system does not tell when a process that is no child lets go of its sockets, so it is asked again and again. */
async function becomes(condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + DEFAULTS.portHolderMs;
  while (performance.now() < deadline) {
    if (await condition()) return true;
    await delay(20);
  }
  return condition();
}
