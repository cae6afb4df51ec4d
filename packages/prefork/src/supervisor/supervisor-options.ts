import { PreforkError } from '../prefork-error.ts';
import { availableProcessors } from '../processors/available-processors.ts';
import type { CommandOptions } from '../start/child-command.ts';
import type { Worker, WorkerExit } from './worker.ts';

/** Where a supervisor tells what happens: any logger of the shape of pino. `worker` and `pid` are among the fields. */
export interface SupervisorLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SupervisorOptions extends CommandOptions {
  /** Told to the children. @default 'prefork' */
  readonly name?: string | undefined;
  /** How many children there are from the start on. @default `availableProcessors()` */
  readonly size?: number | undefined;
  /** Up to how many `grow` adds. @default `size` */
  readonly maxSize?: number | undefined;
  /** A child that has not said `ready()` after so many milliseconds is killed. @default 30_000 */
  readonly bootTimeoutMs?: number | undefined;
  /** A child whose event loop does not turn for so many milliseconds is killed. `Infinity`: never. @default 10_000 */
  readonly unresponsiveTimeoutMs?: number | undefined;
  /** For a child that finishes without being told to: after SIGTERM, or without its primary. @default 10_000 */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * What a child has beyond the time of its drain, where its event loop turns, for what only the end of that time
   * brings about. One that is stuck is killed when the time is over. @default 250
   */
  readonly graceMs?: number | undefined;
  /** Called for each child, before it can say anything: what it sends from the beginning has its handlers. */
  readonly onWorker?: ((worker: Worker) => void) | undefined;
  readonly onReady?: ((worker: Worker) => void) | undefined;
  /** Its `lastReport` is a new one, about each second. */
  readonly onReport?: ((worker: Worker) => void) | undefined;
  /** Another one that is ready has taken the place of one that goes on until it has finished. */
  readonly onReplaced?: ((worker: Worker, successor: Worker) => void) | undefined;
  /** It finishes, for its own reasons or because another one has taken its place, and takes nothing new. */
  readonly onDraining?: ((worker: Worker) => void) | undefined;
  /** Called once for each, after all that it said. */
  readonly onExit?: ((worker: Worker, exit: WorkerExit) => void) | undefined;
  /** No more are started, because they end again and again before they are ready, and none is left that serves. */
  readonly onGaveUp?: ((error: PreforkError) => void) | undefined;
  /** @default nowhere */
  readonly log?: SupervisorLog | undefined;
}

/** As they are used. */
export interface SupervisorSettings {
  readonly name: string;
  readonly size: number;
  readonly maxSize: number;
  readonly bootTimeoutMs: number;
  readonly unresponsiveTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly graceMs: number;
}

/** Beyond it a timer of Node fires at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** @throws {PreforkError} on a number that cannot be */
export function parseSupervisorOptions(options: SupervisorOptions): SupervisorSettings {
  const {
    name = 'prefork',
    size = availableProcessors(),
    maxSize = size,
    bootTimeoutMs = 30_000,
    unresponsiveTimeoutMs = 10_000,
    drainTimeoutMs = 10_000,
    graceMs = 250,
  } = options;
  if (!Number.isSafeInteger(size) || size < 1) throw badOption('size', size, 'a whole number from 1 up');
  if (!Number.isSafeInteger(maxSize) || maxSize < size)
    throw badOption('maxSize', maxSize, 'a whole number, and not less than size');
  for (const [option, value] of Object.entries({ bootTimeoutMs, unresponsiveTimeoutMs }))
    if (!(value > 0 && (value <= MAX_TIMER_MS || (option === 'unresponsiveTimeoutMs' && value === Infinity))))
      throw badOption(option, value, 'milliseconds, more than 0 and at most 24 days');
  for (const [option, value] of Object.entries({ drainTimeoutMs, graceMs }))
    if (!(value >= 0 && value <= MAX_TIMER_MS)) throw badOption(option, value, 'milliseconds, at most 24 days');
  return { name, size, maxSize, bootTimeoutMs, unresponsiveTimeoutMs, drainTimeoutMs, graceMs };
}

function badOption(option: string, value: unknown, right: string): PreforkError {
  return new PreforkError(`The option ${option} is ${String(value)}; it has to be ${right}.`, 'ERR_PREFORK_CONFIG');
}
