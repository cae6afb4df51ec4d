/** What is said of a stop once it is over. */
export interface StopReport {
  /** What asked for it. */
  readonly reason: StopReason;
  /** Connections that were open at the beginning and came to an orderly end. */
  readonly drained: number;
  /**
   * Connections that were cut at the deadline, hooks that failed or were not done by then, and a start that was given
   * up.
   */
  readonly forced: number;
  readonly durationMs: number;
}

/**
 * `'shutdown'` is a call of `shutdown()`; `'uncaught'` an exception or rejection that nothing caught, or child
 * processes that cannot start; `'primary-lost'` is what a child process hears whose primary is gone, `'replaced'` one
 * in whose place another one serves.
 */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'shutdown' | 'uncaught' | 'primary-lost' | 'replaced';
