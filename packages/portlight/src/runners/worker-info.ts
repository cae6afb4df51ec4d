/** One process that serves, as `server.workers()` tells of it. */
export interface WorkerInfo {
  /** Of its place: 1 to the number of processes. Who takes the place of one that is gone has its number. */
  readonly id: number;
  readonly pid: number;
  /** `'starting'`: does not serve yet. `'draining'`: finishes what it has, and ends. */
  readonly state: 'starting' | 'ready' | 'draining';
  /** Connections that are open. */
  readonly connections: number;
  /** Requests that have come since it started. */
  readonly requests: number;
  /** Memory that it holds (resident set), in bytes. */
  readonly memoryBytes: number;
  /**
   * By how much its event loop was late at most in the last second, in ms: what a request waits for a busy process. Of
   * one that is blocked: since when it is.
   */
  readonly lagMs: number;
  /** How many were at its place before it. */
  readonly restarts: number;
  /** When it was started, in ms since 1970. */
  readonly startedAt: number;
}
