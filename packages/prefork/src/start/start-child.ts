import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { IpcPort } from '../control/ipc-port.ts';
import { StreamPort } from '../link/stream-port.ts';
import type { ChildCommand } from './child-command.ts';
import type { ChildEnd, StartedChild } from './started-child.ts';

/** Of the pipe beside standard input, output and error, and Node's channel. */
export const LINK_DESCRIPTOR = 4;

/** Standard input is closed; what it says goes where this process says it. */
const STDIO = ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] as const;

/** Starts a process of Node. */
export function startChild({ file, args, execArgv, environment }: ChildCommand): StartedChild {
  const child = fork(file, args, { execArgv: [...execArgv], env: environment, stdio: [...STDIO] });
  return {
    pid: child.pid,
    control: new IpcPort(child),
    port: new StreamPort(child.stdio[LINK_DESCRIPTOR] as Socket),
    kill: (signal) => void child.kill(signal),
    onEnd: (listener) => listenForEnd(child, listener),
  };
}

function listenForEnd(child: ChildProcess, listener: (end: ChildEnd) => void): void {
  child.on('error', (error) => {
    if (child.pid === undefined) listener({ code: null, signal: null, error });
  });
  child.on('close', (code, signal) => {
    if (child.pid !== undefined) listener({ code, signal });
  });
}
