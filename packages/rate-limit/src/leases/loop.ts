/** What of a process's time the leases need. A test has one of its own. */
export interface Loop {
  /** The time in ms, from any beginning. */
  now(): number;
  /** Runs when what is there to be read has been read. */
  afterReads(run: () => void): void;
  /** Runs in so many ms; keeps no process alive. */
  later(run: () => void, ms: number): void;
}

export const nodeLoop: Loop = {
  now: () => performance.now(),
  afterReads: (run) => void setImmediate(run),
  later: (run, ms) => void setTimeout(run, ms).unref(),
};
