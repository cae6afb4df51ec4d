/**
 * Gives the process the exit code that tells the truth about a stop, and ends it if it still lives `timeoutMs` later:
 * a forgotten timer or connection of the app must not keep a stopped server's process.
 */
export function endProcessAfter(timeoutMs: number, isClean: boolean): void {
  process.exitCode ??= isClean ? 0 : 1;
  setTimeout(() => process.exit(), timeoutMs).unref();
}
