import type { StopReason, StopReport } from './stop-report.ts';

/** How a service is to stop. */
export interface StopOptions {
  readonly reason: StopReason;
  /** From the beginning to the force. */
  readonly timeoutMs: number;
  /** How long to go on accepting before that. */
  readonly delayMs: number;
  /** Whether other processes of the app go on. @default false */
  readonly appGoesOn?: boolean | undefined;
  /** Resolves when they go on no longer. @default never */
  readonly appStops?: Promise<void> | undefined;
}

/** What can be started once and stopped once. */
export interface Service {
  /** What its start waits for at the moment, as the end of a sentence. */
  readonly awaits: string;
  /**
   * @param signal aborts when the start is given up: then it takes no further step, and leaves what is open to `stop`
   * @throws when it cannot start; then nothing of it is left
   */
  start(signal: AbortSignal): Promise<void>;
  /** Never rejects. May be called while the start is under way, if its signal has aborted. */
  stop(options: StopOptions): Promise<StopReport>;
}
