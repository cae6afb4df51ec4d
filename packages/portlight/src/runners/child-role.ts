import { connectToPrimary, type DrainOptions, type DrainReason, type Primary } from '@portlight/prefork';
import type { ServerConfig } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import type { StopOptions } from '../lifecycle/service.ts';
import type { StopReason, StopReport } from '../lifecycle/stop-report.ts';
import { within } from '../lifecycle/within.ts';
import type { LogHolder } from '../log.ts';
import { type ChildReport, MESSAGES, serverOf } from './child-protocol.ts';

/** A run as a child process sees it. */
export interface ChildRun {
  /** Resolves when it has stopped. @throws what the start throws */
  serve(): Promise<StopReport>;
  stop(options: StopOptions): Promise<StopReport>;
}

/** That this process is a child of a server: one for all servers in it, of which one serves. */
export class ChildRole {
  readonly primary: Primary;
  /** Resolves when the server that serves has stopped. */
  readonly ended: Promise<StopReport>;
  #end: (report: StopReport) => void = () => {};
  #isRunning = false;
  readonly #serverId: number;
  /** Of the servers in this process, the one that has what children share. */
  #owner: number | undefined;
  /** Why the whole app stops, when it does. */
  #appStops: StopReason | undefined;
  #hearStop: (reason: StopReason) => void = () => {};
  readonly #stopHeard: Promise<void>;
  #hasFailed = false;
  /** Whether that was while the whole app stopped: then it is the app's failure. */
  #hasFailedInStop = false;

  /** @param serverId of which server this process is a child, as the primary counts them */
  constructor(primary: Primary, serverId: number) {
    this.primary = primary;
    this.#serverId = serverId;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#stopHeard = new Promise((resolve) => {
      this.#hearStop = (reason) => {
        this.#appStops = reason;
        resolve();
      };
    });
    // It may stop while this process loads the app.
    primary.onMessage(MESSAGES.stopping, (reason) => this.#hearStop(reason as StopReason));
  }

  /** `undefined` in all other processes, children that an app has of its own among them. */
  static find(): ChildRole | undefined {
    const primary = connectToPrimary();
    const serverId = primary === undefined ? undefined : serverOf(primary.name);
    return primary === undefined || serverId === undefined ? undefined : (role ??= new ChildRole(primary, serverId));
  }

  /**
   * Whether a server is the one of which this process is a child. It may use what all share before it runs, and so may
   * others: until one runs, it is that which has the same place in the order as in the primary.
   */
  isOf(serverId: number): boolean {
    if (serverId === this.#serverId) this.#owner ??= serverId;
    return this.#owner === serverId;
  }

  /** A server runs with child processes. @returns whether it is the only one */
  claim(serverId: number): boolean {
    this.#owner ??= serverId;
    return this.#owner === serverId;
  }

  /**
   * Serves until the primary has this process stop, or is gone, or an error is uncaught: then this process alone
   * finishes, and another one takes its place. Where it cannot start, the primary tells why, and this process ends. The
   * second time it has stopped already.
   */
  run(run: ChildRun, config: Pick<ServerConfig, 'onUncaught' | 'drainDelayMs'>, log: LogHolder): Promise<StopReport> {
    if (!this.#isRunning) void this.#run(run, config, log).then(this.#end);
    this.#isRunning = true;
    return this.ended;
  }

  /** Asks for the stop of the whole app, this process included. */
  stopApp(timeoutMs: number): Promise<StopReport> {
    this.primary.link.tell(MESSAGES.shutdown, timeoutMs);
    return this.ended;
  }

  async #run(
    run: ChildRun,
    { onUncaught, drainDelayMs }: Pick<ServerConfig, 'onUncaught' | 'drainDelayMs'>,
    log: LogHolder,
  ): Promise<StopReport> {
    const { primary } = this;
    primary.onError((error) => log.logger.error({ err: error }, 'What the primary said could not be seen to.'));
    primary.onDrain((options) => this.#drain(run, options, drainDelayMs));
    // What a start waits for comes from the primary, and nothing else may keep the process.
    process.channel?.ref();
    const fail = (error: unknown): void => this.#fail(error, log);
    if (onUncaught !== 'ignore') process.on('uncaughtException', fail).on('unhandledRejection', fail);
    try {
      return await run.serve();
    } catch (error) {
      primary.fail(error);
      // The app shall hear of it once, in the primary.
      return process.exit(1);
    } finally {
      process.off('uncaughtException', fail).off('unhandledRejection', fail);
    }
  }

  async #drain(run: ChildRun, { timeoutMs, reason }: DrainOptions, delayMs: number): Promise<ChildReport> {
    // A signal to the whole group comes to the primary as well, which then says that all stop.
    if (reason === 'SIGTERM' && this.#appStops === undefined) await within(this.#stopHeard, DEFAULTS.groupSignalMs);
    const isLost = reason === 'primary-lost';
    const appStops = this.#appStops;
    const report = await run.stop({
      reason: appStops ?? this.#reasonFor(reason),
      timeoutMs,
      delayMs: appStops === undefined ? 0 : delayMs,
      appGoesOn: appStops === undefined && !isLost,
      appStops: this.#stopHeard,
    });
    return { ...report, hasFailed: this.#hasFailedInStop };
  }

  /** Why this process alone stops. */
  #reasonFor(reason: DrainReason): StopReason {
    if (reason === 'replace') return 'replaced';
    if (reason === 'primary-lost') return 'primary-lost';
    return this.#hasFailed ? 'uncaught' : 'SIGTERM';
  }

  #fail(error: unknown, log: LogHolder): void {
    this.#hasFailed = true;
    this.#hasFailedInStop ||= this.#appStops !== undefined;
    const outcome = this.#appStops === undefined ? 'this process stops, another takes its place' : 'the app stops';
    log.logger.error({ err: error }, `An error that nothing caught; ${outcome}.`);
    process.exitCode ??= 1;
    this.primary.fail(error);
    this.primary.drain('uncaught', { isFailure: true });
  }
}

let role: ChildRole | undefined;
