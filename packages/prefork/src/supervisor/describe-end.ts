import { PreforkError } from '../prefork-error.ts';
import type { Worker, WorkerExit } from './worker.ts';

const KILLED_FOR: Readonly<Record<NonNullable<WorkerExit['killedFor']>, string>> = {
  'boot-timeout': 'by SIGKILL, because it was not ready within bootTimeoutMs',
  unresponsive: 'by SIGKILL, because its event loop did not turn',
  'drain-timeout': 'by SIGKILL, because it did not finish in time',
  kill: 'by SIGKILL',
};

/** `with code 1`, `by SIGKILL`, and what is known of why. */
export function describeEnd({ code, signal, killedFor, error }: WorkerExit): string {
  if (killedFor !== undefined) return KILLED_FOR[killedFor];
  const how =
    signal !== null ? `by ${signal}` : code !== null ? `with code ${code}` : 'because it could not be started';
  return error === undefined ? how : `${how}: ${error.message.replace(/\.$/, '')}`;
}

/** Why the first children did not start. */
export function bootError(worker: Worker, exit: WorkerExit): PreforkError {
  return new PreforkError(
    `Child ${nameOf(worker)} ended before it was ready, ${describeEnd(exit)}.${hintFor(exit)}`,
    'ERR_PREFORK_BOOT',
    exit.error,
  );
}

function hintFor({ code, killedFor, error }: WorkerExit): string {
  if (killedFor === 'boot-timeout') return ' What it waits for takes longer, or never comes.';
  if (error !== undefined || killedFor !== undefined) return '';
  return code === 0 ? ' Its file was at its end without ready().' : ' What it said last stands on standard error.';
}

/** Why there are no more. */
export function gaveUpError(worker: Worker, exit: WorkerExit | undefined): PreforkError {
  return new PreforkError(
    `Children end again and again before they are ready; the last was ${nameOf(worker)}` +
      `${exit === undefined ? '' : `, which ended ${describeEnd(exit)}`}. No more are started.`,
    'ERR_PREFORK_GAVE_UP',
    exit?.error,
  );
}

function nameOf({ id, pid }: Worker): string {
  return pid === undefined ? String(id) : `${id} (process ${pid})`;
}
