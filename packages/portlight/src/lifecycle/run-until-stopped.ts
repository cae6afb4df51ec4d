import type { ServerConfig } from '../config/server-options.ts';
import type { LogHolder } from '../log.ts';
import { endProcessAfter } from './end-process.ts';
import { ProcessWatch } from './process-watch.ts';
import type { StopReason, StopReport } from './stop-report.ts';

/** A run as its process sees it. */
export interface ProcessRun {
  /** Starts if need be. Resolves when it has stopped, whatever asked for that. @throws what the start throws */
  serve(): Promise<StopReport>;
  /** Asks for the stop. */
  stop(reason: StopReason): Promise<StopReport>;
  /** Has its child processes replaced; `undefined` where it has none. */
  readonly reload: (() => void) | undefined;
  /** Ends at once what else belongs to it, as the process is about to end. */
  kill(): void;
}

/** Serves until a signal, an uncaught error or the app stops it, and sees to the exit code of the process. */
export async function runUntilStopped(
  run: ProcessRun,
  { drainTimeoutMs, onUncaught }: Pick<ServerConfig, 'drainTimeoutMs' | 'onUncaught'>,
  log: LogHolder,
): Promise<StopReport> {
  const watch = new ProcessWatch({
    onStop: (reason) => void run.stop(reason),
    onReload: run.reload,
    onSecondSignal: () => run.kill(),
    onUncaught:
      onUncaught === 'ignore'
        ? undefined
        : (error) => log.logger.error({ err: error }, 'An error that nothing caught; the server stops.'),
  });
  watch.install();
  try {
    const report = await run.serve();
    const hasFailed = watch.sawUncaught || report.reason === 'uncaught';
    if (report.reason !== 'shutdown' || hasFailed) endProcessAfter(drainTimeoutMs, report.forced === 0 && !hasFailed);
    return report;
  } finally {
    watch.uninstall();
  }
}
