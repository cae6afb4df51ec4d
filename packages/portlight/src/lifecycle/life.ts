import type { LogHolder } from '../log.ts';
import type { DrainOptions } from './drain.ts';
import type { StopReason, StopReport } from './stop-report.ts';
import { within } from './within.ts';

/** What can be started once and stopped once. */
export interface Service {
  /** @throws when it cannot start; then nothing of it is left */
  start(): Promise<void>;
  /** Never rejects. */
  stop(options: DrainOptions): Promise<StopReport>;
}

/** How long the failure of a start by itself waits for who asks for it. */
const REPORT_AFTER_MS = 250;

/**
 * Starts and stops services of one kind one after the other. Whatever the order of the calls, at most one runs: a start
 * waits for the stop before it, and a stop for the start that it stops.
 */
export class Life<Kind extends Service> {
  readonly #open: () => Kind;
  readonly #log: LogHolder;
  #service: Kind | undefined;
  /** The last start, until a stop begins. */
  #starting: Promise<void> | undefined;
  /** A start by itself that nobody has asked for yet. */
  #unclaimed: Promise<void> | undefined;
  /** A start by itself that failed, until somebody asks for it. */
  #failed: Promise<void> | undefined;
  /** The last stop. */
  #stopping: Promise<StopReport> | undefined;
  #isDraining = false;
  readonly #waiting: Set<(report: StopReport) => void> = new Set();

  /** @param open makes the service for a start */
  constructor(open: () => Kind, log: LogHolder) {
    this.#open = open;
    this.#log = log;
  }

  /** The service, from when it is made until it has stopped. */
  get service(): Kind | undefined {
    return this.#service;
  }

  /** Whether a start is under way or done, and no stop has begun. */
  get hasBegun(): boolean {
    return this.#starting !== undefined;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** One start, however often it is asked for. @throws what the service throws */
  start(): Promise<void> {
    this.#unclaimed = undefined;
    if (this.#starting !== undefined) return this.#starting;
    const failed = this.#failed;
    this.#failed = undefined;
    if (failed !== undefined) return failed;
    const starting = this.#start();
    this.#starting = starting;
    starting.catch(() => {
      if (this.#starting === starting) this.#starting = undefined;
    });
    return starting;
  }

  /** A start that nobody waits for: its failure is that of the next `start`, or is logged when none comes. */
  startByItself(): void {
    const starting = this.start();
    this.#unclaimed = starting;
    starting.catch((error: unknown) => {
      if (this.#unclaimed !== starting) return;
      this.#failed = starting;
      setTimeout(() => {
        if (this.#failed !== starting) return;
        this.#failed = undefined;
        this.#log.logger.error({ err: error }, 'The server could not start by itself.');
      }, REPORT_AFTER_MS);
    });
  }

  /** Stops what was started last, or gives the report of the last stop. Never rejects. */
  stop(options: DrainOptions): Promise<StopReport> {
    const starting = this.#starting;
    if (starting === undefined) return this.#stopping ?? Promise.resolve(nothingToStop(options.reason));
    this.#starting = undefined;
    this.#stopping = this.#stop(starting, options);
    return this.#stopping;
  }

  /** Starts, and resolves when a stop is over that anybody asked for. @throws what the service throws when it starts */
  async runUntilStopped(onStarted: () => void): Promise<StopReport> {
    let resolve: (report: StopReport) => void = () => {};
    const stopped = new Promise<StopReport>((settle) => (resolve = settle));
    this.#waiting.add(resolve);
    try {
      // A stop may be over before a start that hangs is done.
      const started = this.start().then(() => {
        if (this.hasBegun) onStarted();
        return stopped;
      });
      return await Promise.race([stopped, started]);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  async #start(): Promise<void> {
    await this.#stopping;
    this.#service = this.#open();
    try {
      await this.#service.start();
    } catch (error) {
      this.#service = undefined;
      throw error;
    }
  }

  async #stop(starting: Promise<void>, options: DrainOptions): Promise<StopReport> {
    const startedAt = performance.now();
    const isInTime = await within(starting, options.timeoutMs).catch(() => undefined);
    const service = this.#service;
    if (isInTime === undefined || service === undefined) return nothingToStop(options.reason);
    if (!isInTime) this.#log.logger.error({ timeoutMs: options.timeoutMs }, 'The start was not done in time for the stop; a hook hangs.');
    this.#isDraining = true;
    const leftMs = Math.max(0, Math.round(options.timeoutMs - (performance.now() - startedAt)));
    const stopped = await service.stop({ ...options, timeoutMs: leftMs });
    const report = isInTime ? stopped : { ...stopped, forced: stopped.forced + 1 };
    this.#isDraining = false;
    this.#service = undefined;
    for (const resolve of this.#waiting) resolve(report);
    return report;
  }
}

function nothingToStop(reason: StopReason): StopReport {
  return { reason, drained: 0, forced: 0, durationMs: 0 };
}
