import type { StopReport } from './stop-report.ts';

/**
 * Gives the process the exit code that tells the truth about a stop, and ends it if it still lives `timeoutMs` later:
 * a forgotten timer or connection of the app must not keep a stopped server's process.
 */
export function endProcessAfter(report: StopReport, timeoutMs: number): void {
  const code = report.forced > 0 || report.reason === 'uncaught' ? 1 : 0;
  process.exitCode ??= code;
  setTimeout(() => process.exit(), timeoutMs).unref();
}
