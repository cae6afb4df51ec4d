import type { MessageHandler } from '../control/control-channel.ts';
import type { Link } from '../link/link.ts';

/**
 * - `starting`: its file runs, and has not said `ready()`.
 * - `ready`: it serves.
 * - `draining`: it finishes what it has, and ends.
 * - `ended`: the process is gone.
 */
export type WorkerState = 'starting' | 'ready' | 'draining' | 'ended';

/** What a child tells of itself about each second: these two, and what its `report` gives. */
export interface WorkerReport {
  /** By how much its event loop was late at most since the last report, in milliseconds. */
  readonly lagMs: number;
  /** Resident set, in bytes. */
  readonly memoryBytes: number;
  readonly [name: string]: unknown;
}

/** A child process, in the primary. Another one that takes its seat is another worker. */
export interface Worker {
  /** Of its seat: 1 to the size. While one is replaced there may be two of it. */
  readonly id: number;
  /** Unique among all workers of the supervisor, now and before. */
  readonly key: string;
  /** `undefined` where it could not be started. */
  readonly pid: number | undefined;
  readonly state: WorkerState;
  /** How many sat on its seat before it. */
  readonly restarts: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** `undefined` until the first one comes, within a second of its start. */
  readonly lastReport: WorkerReport | undefined;
  /** When that came, on the clock of `performance`. */
  readonly reportedAt: number | undefined;
  /** Messages and calls with data, in order. */
  readonly link: Link;
  /** Sees to the messages of a type that the child sends; a second handler takes the place of the first. */
  onMessage(type: string, handler: MessageHandler): this;
  /**
   * Sends a message, and a handle of the system (a server, a socket) where one is given, over Node's channel.
   *
   * Resolves to whether it went out, with a handle: whether the child took it. Never rejects, whatever becomes of the
   * child.
   *
   * @throws {TypeError} on data that has no JSON
   */
  send(type: string, data?: unknown, handle?: object): Promise<boolean>;
}

/**
 * Why a supervisor killed a worker.
 *
 * - `boot-timeout`: it did not say `ready()` in time.
 * - `unresponsive`: its event loop did not turn.
 * - `drain-timeout`: it did not end in time.
 * - `kill`: the supervisor was told to.
 */
export type KillReason = 'boot-timeout' | 'unresponsive' | 'drain-timeout' | 'kill';

/** How a worker ended. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was ready before. */
  readonly wasReady: boolean;
  /** Whether it was told to finish, or said that it would. */
  readonly wasDraining: boolean;
  /** `undefined` where it ended by itself. */
  readonly killedFor: KillReason | undefined;
  /** Whether it said that it had finished. If it was killed all the same, something kept it alive that had no end. */
  readonly hasDrained: boolean;
  /** What its drain gave; `undefined` where it gave nothing. */
  readonly report: unknown;
  /** The last error that nothing in it caught, with its stack there; or why it could not be started. */
  readonly error: Error | undefined;
}
