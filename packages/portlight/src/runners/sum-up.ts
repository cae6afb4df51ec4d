import type { WorkerExit } from '@portlight/prefork';
import type { ChildReport } from './child-protocol.ts';

/** What a stop was for all children together. */
export interface StopOfChildren {
  readonly drained: number;
  readonly forced: number;
  /** Whether one of them failed while it stopped. */
  readonly hasFailed: boolean;
}

export function sumUp(exits: readonly WorkerExit[]): StopOfChildren {
  return {
    drained: sum(exits, drainedOf),
    forced: sum(exits, forcedOf),
    hasFailed: exits.some(hasFailed),
  };
}

function sum(exits: readonly WorkerExit[], of: (exit: WorkerExit) => number): number {
  return exits.reduce((total, exit) => total + of(exit), 0);
}

function drainedOf({ report }: WorkerExit): number {
  return numberOf(report, 'drained');
}

/**
 * A child that served and was killed before it was done, or failed without a word, was forced. One that had nothing to
 * say was not, nor one that was still loading the app.
 */
function forcedOf({ wasReady, report, hasDrained, killedFor, code }: WorkerExit): number {
  if (killedFor !== undefined && !hasDrained) return Number(wasReady);
  return report === undefined ? Number(wasReady && code !== 0) : numberOf(report, 'forced');
}

function hasFailed({ report }: WorkerExit): boolean {
  return (report as Partial<ChildReport> | undefined)?.hasFailed === true;
}

function numberOf(report: unknown, name: string): number {
  const value = (report as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'number' ? value : 0;
}
