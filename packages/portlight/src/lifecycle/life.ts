import { AbortedError } from '../errors/aborted-error.ts';
import type { LogHolder } from '../log.ts';
import type { Service, StopOptions } from './service.ts';
import type { StopReason, StopReport } from './stop-report.ts';
import { StartAttempt } from './start-attempt.ts';
import { within } from './within.ts';

/** How long the failure of a start by itself waits for who asks for it. */
const REPORT_AFTER_MS = 250;

/**
 * Starts and stops services of one kind one after the other. Whatever the order of the calls, at most one runs: a start
 * waits for the stop before it, and a stop for the start that it stops, which it gives up when its time is over.
 */
export class Life<Kind extends Service> {
  readonly #open: () => Kind;
  readonly #log: LogHolder;
  #service: Kind | undefined;
  /** The last start, until a stop begins. */
  #starting: StartAttempt<Kind> | undefined;
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
    if (this.#starting !== undefined) return this.#starting.done;
    const failed = this.#failed;
    this.#failed = undefined;
    if (failed !== undefined) return failed;
    const starting = new StartAttempt(this.#stopping, () => (this.#service = this.#open()));
    this.#starting = starting;
    starting.ended.catch((error: unknown) => this.#noteFailure(starting, error));
    return starting.done;
  }

  /** A start that nobody waits for: its failure is that of the next `start`, or is logged when none comes. */
  startByItself(): void {
    const starting = this.start();
    this.#unclaimed = starting;
    starting.catch((error: unknown) => {
      if (this.#unclaimed !== starting || isAbandonment(error)) return;
      this.#failed = starting;
      setTimeout(() => {
        if (this.#failed !== starting) return;
        this.#failed = undefined;
        this.#log.logger.error({ err: error }, 'The server could not start by itself.');
      }, REPORT_AFTER_MS);
    });
  }

  /** Stops what was started last, or gives the report of the last stop. Never rejects. */
  stop(options: StopOptions): Promise<StopReport> {
    const starting = this.#starting;
    if (starting === undefined) return this.#stopping ?? Promise.resolve(nothingToStop(options.reason));
    this.#starting = undefined;
    this.#stopping = this.#stop(starting, options);
    return this.#stopping;
  }

  /**
   * Starts, and resolves when a stop is over that anybody asked for.
   *
   * @param onStarted called when it has started and no stop has begun
   * @throws what the service throws when it starts
   */
  async runUntilStopped(onStarted: () => void): Promise<StopReport> {
    let resolve: (report: StopReport) => void = () => {};
    const stopped = new Promise<StopReport>((settle) => (resolve = settle));
    this.#waiting.add(resolve);
    try {
      const onFailed = (error: unknown): Promise<StopReport> => {
        // A start that is given up is no failure to who waits for the stop.
        if (!isAbandonment(error)) throw error;
        return stopped;
      };
      const onDone = (): Promise<StopReport> => {
        if (this.hasBegun) onStarted();
        return stopped;
      };
      return await Promise.race([stopped, this.start().then(onDone, onFailed)]);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  /** A hook that nobody waits for any more may still fail. */
  #noteFailure(start: StartAttempt<Kind>, error: unknown): void {
    if (this.#starting === start) this.#starting = undefined;
    if (!start.isAbandoned) this.#forget(start);
    else if (!isAbandonment(error)) this.#log.logger.error({ err: error }, 'A start that was given up has failed.');
  }

  #forget({ service }: StartAttempt<Kind>): void {
    if (this.#service === service) this.#service = undefined;
  }

  async #stop(starting: StartAttempt<Kind>, options: StopOptions): Promise<StopReport> {
    const startedAt = performance.now();
    const elapsedMs = (): number => Math.round(performance.now() - startedAt);
    const isInTime = await within(starting.done, options.timeoutMs).catch(() => undefined);
    if (isInTime === undefined) return { ...nothingToStop(options.reason), durationMs: elapsedMs() };
    if (!isInTime) {
      this.#log.logger.error(
        { timeoutMs: options.timeoutMs },
        `The start was not done in time for the stop and is given up; it waits for ${starting.service?.awaits ?? 'the stop before it'}.`,
      );
      starting.abandon();
    }
    this.#isDraining = true;
    const leftMs = Math.max(0, options.timeoutMs - elapsedMs());
    const stopped = (await starting.service?.stop({ ...options, timeoutMs: leftMs })) ?? nothingToStop(options.reason);
    const report = { ...stopped, forced: stopped.forced + (isInTime ? 0 : 1), durationMs: elapsedMs() };
    this.#isDraining = false;
    this.#forget(starting);
    for (const resolve of this.#waiting) resolve(report);
    return report;
  }
}

function nothingToStop(reason: StopReason): StopReport {
  return { reason, drained: 0, forced: 0, durationMs: 0 };
}

function isAbandonment(error: unknown): boolean {
  return AbortedError.is(error) && error.code === 'ERR_PORTLIGHT_START_ABANDONED';
}
