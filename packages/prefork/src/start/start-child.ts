import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { IpcPort } from '../ports/ipc-port.ts';
import { StreamPort } from '../ports/stream-port.ts';
import type { ChildCommand } from './child-command.ts';
import type { ChildEnd, StartedChild } from './started-child.ts';

/** Of the pipe, beside standard input, output and error, and Node's channel. */
export const LINK_DESCRIPTOR = 4;

/** Standard input is closed; what a child says goes where this process says it. */
const STDIO = ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] as const;

/** Nobody waits for longer until all that a dead child wrote is read: something may hold its end of a pipe open. */
const READ_AFTER_EXIT_MS = 1_000;

/**
 * Starts a process of Node.
 *
 * @throws {Error} where the system has no room for one
 */
export function startChild({ file, args, execArgv, environment }: ChildCommand): StartedChild {
  const child = fork(file, args, { execArgv: [...execArgv], env: environment, stdio: [...STDIO] });
  const pipe = (child.stdio as ChildProcess['stdio'] | undefined)?.[LINK_DESCRIPTOR] as Socket | undefined;
  if (pipe === undefined) {
    child.on('error', () => {});
    throw new Error('The system does not let this process open what a child needs: too many files are open.');
  }
  contain(child);
  return {
    pid: child.pid,
    control: new IpcPort(child),
    port: new StreamPort(pipe),
    kill: (signal) => void child.kill(signal),
    onEnd: (listener) => listenForEnd(child, listener),
  };
}

/**
 * What Node says on its channel is taken at its word by Node, and would throw where nobody catches it when the app of a
 * child has said it: that it has taken a handle, or sends one of a kind that there is not.
 */
function contain(child: ChildProcess): void {
  const emit = child.emit.bind(child);
  child.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event !== 'internalMessage') return emit(event as 'message', ...(args as [never, never]));
    try {
      return emit(event as 'message', ...(args as [never, never]));
    } catch {
      return false;
    }
  };
}

function listenForEnd(child: ChildProcess, listener: (end: ChildEnd) => void): void {
  let hasEnded = false;
  const end = (end: ChildEnd): void => {
    if (!hasEnded) listener(end);
    hasEnded = true;
  };
  child.on('error', (error) => {
    if (child.pid === undefined) end({ code: null, signal: null, error });
  });
  child.on('exit', (code, signal) => {
    setTimeout(() => end({ code, signal }), READ_AFTER_EXIT_MS).unref();
  });
  child.on('close', (code: number | null, signal) => end({ code, signal }));
}
