import { REPORT } from '../child/primary.ts';
import { ControlChannel, type MessageHandler } from '../control/control-channel.ts';
import type { ControlMessage, DrainReason } from '../control/control-message.ts';
import { parseRemoteError } from '../control/remote-error.ts';
import { Link } from '../link/link.ts';
import type { ChildEnd, StartedChild } from '../start/started-child.ts';
import type { SupervisorSettings } from './supervisor-options.ts';
import type { KillReason, Worker, WorkerExit, WorkerReport, WorkerState } from './worker.ts';

/** What becomes of a worker, told to its supervisor. */
export interface WorkerEvents {
  onReady(worker: ChildWorker): void;
  /** It finishes, and nobody told it to. */
  onLeaving(worker: ChildWorker, reason: DrainReason, isFailure: boolean): void;
  onEnd(worker: ChildWorker, exit: WorkerExit): void;
  /** Its `lastReport` is new. */
  onReport(worker: ChildWorker): void;
  onError(worker: ChildWorker, error: unknown): void;
}

/** Where a worker sits. */
export interface WorkerPlace {
  readonly id: number;
  readonly key: string;
  readonly restarts: number;
  /** Whether it is to take the place of one that goes on until it is ready. */
  readonly isSuccessor: boolean;
}

/** What a child does and says right at its deadline is heard. */
const KILL_AFTER_DEADLINE_MS = 100;

/** One that has finished ends by itself, or at its deadline; what it has for its exit takes a moment. */
const KILL_AFTER_DRAINED_MS = 500;

/** Until a child hears that it shall finish, however short its time is. */
const HEARING_MS = 500;

/** The channel of a process that dies is gone shortly before it is. One that lives on without finishes by itself. */
const DEAD_AFTER_CHANNEL_MS = 1_000;

/** A child process, and what is known of it. */
export class ChildWorker implements Worker {
  readonly id: number;
  readonly key: string;
  readonly restarts: number;
  readonly isSuccessor: boolean;
  /** Whether another one is in its place, or comes, or none is needed there. */
  isReplaced: boolean = false;
  /** Whether none comes in its place. */
  isUnneeded: boolean = false;
  /** Whether it shall not go on either where the one that is to take its place fails. */
  isDispensable: boolean = false;
  readonly startedAt: number = Date.now();
  readonly pid: number | undefined;
  readonly link: Link;
  state: WorkerState = 'starting';
  lastReport: WorkerReport | undefined;
  reportedAt: number | undefined;
  /** Of the monotonic clock. */
  readyAt: number | undefined;
  silentMs: number = 0;
  /** Resolves when it is ready, or has ended. */
  readonly booted: Promise<void>;
  readonly ended: Promise<void>;
  /** From when it has ended. */
  exit: WorkerExit | undefined;
  #noteBooted: () => void = () => {};
  #noteEnded: () => void = () => {};
  readonly #child: StartedChild;
  readonly #control: ControlChannel;
  readonly #events: WorkerEvents;
  #deadline: NodeJS.Timeout;
  #channelTimer: NodeJS.Timeout | undefined;
  readonly #graceMs: number;
  /** Of its drain, on the clock of `performance`. */
  #endsAt = 0;
  #wasDraining = false;
  #killedFor: KillReason | undefined;
  #hasDrained = false;
  #report: unknown;
  #error: Error | undefined;

  constructor(
    child: StartedChild,
    place: WorkerPlace,
    { bootTimeoutMs, graceMs }: Pick<SupervisorSettings, 'bootTimeoutMs' | 'graceMs'>,
    events: WorkerEvents,
  ) {
    ({ id: this.id, key: this.key, restarts: this.restarts, isSuccessor: this.isSuccessor } = place);
    this.pid = child.pid;
    this.#child = child;
    this.#graceMs = graceMs;
    this.#events = events;
    this.booted = new Promise((resolve) => (this.#noteBooted = resolve));
    this.ended = new Promise((resolve) => (this.#noteEnded = resolve));
    const onError = (error: unknown): void => events.onError(this, error);
    this.link = new Link(child.port, { onError }).on(REPORT, (data) => this.#takeReport(data));
    this.#control = new ControlChannel(child.control, {
      onControl: (message) => this.#hear(message),
      onClosed: () => this.#loseChannel(),
      onError,
    });
    this.#deadline = setTimeout(() => this.kill('boot-timeout'), bootTimeoutMs);
    child.onEnd((end) => this.#end(end));
  }

  onMessage(type: string, handler: MessageHandler): this {
    this.#control.on(type, handler);
    return this;
  }

  send(type: string, data?: unknown, handle?: object): Promise<boolean> {
    return this.#control.send(type, data, handle);
  }

  /** Tells it to finish, and kills it when its time is over. */
  drain(timeoutMs: number, reason: DrainReason): void {
    if (this.state === 'ended') return;
    this.finishWithin(timeoutMs);
    void this.#control.control({ kind: 'drain', timeoutMs, reason });
  }

  /** It finishes; killed when its time is over. */
  finishWithin(timeoutMs: number): void {
    this.state = 'draining';
    this.#wasDraining = true;
    this.#endsAt = performance.now() + timeoutMs;
    this.#killIn(Math.max(timeoutMs + KILL_AFTER_DEADLINE_MS, HEARING_MS));
  }

  kill(reason: KillReason): void {
    if (this.state === 'ended') return;
    this.#killedFor ??= reason;
    this.#child.kill('SIGKILL');
  }

  #hear(message: ControlMessage): void {
    if (message.kind === 'ready') this.#becomeReady();
    else if (message.kind === 'alive') this.#outlive(this.#graceMs + KILL_AFTER_DEADLINE_MS);
    else if (message.kind === 'failed') this.#error = parseRemoteError(message.error);
    else if (message.kind === 'drained') this.#noteDrained(message.report);
    else if (message.kind === 'draining') this.#leave(String(message.reason), message.isFailure);
  }

  #becomeReady(): void {
    if (this.state !== 'starting') return;
    clearTimeout(this.#deadline);
    this.state = 'ready';
    this.readyAt = performance.now();
    this.silentMs = 0;
    this.#events.onReady(this);
    this.#noteBooted();
  }

  #noteDrained(report: unknown): void {
    this.#hasDrained = true;
    this.#report = report;
    this.#outlive(KILL_AFTER_DRAINED_MS);
  }

  /** It may live for so long beyond its deadline. */
  #outlive(ms: number): void {
    if (this.state === 'draining') this.#killIn(Math.max(0, this.#endsAt - performance.now()) + ms);
  }

  #killIn(ms: number): void {
    clearTimeout(this.#deadline);
    // What has come by then is heard first, however late the timer is.
    this.#deadline = setTimeout(() => {
      this.#deadline = setTimeout(() => this.kill('drain-timeout'), 1);
    }, ms);
  }

  #loseChannel(): void {
    if (this.state === 'ended') return;
    this.#channelTimer = setTimeout(() => this.#leave('primary-lost', false), DEAD_AFTER_CHANNEL_MS);
  }

  #leave(reason: DrainReason, isFailure: boolean): void {
    if (this.state === 'starting' || this.state === 'ready') this.#events.onLeaving(this, reason, isFailure);
  }

  #takeReport(data: unknown): void {
    this.silentMs = 0;
    this.lastReport = data as WorkerReport;
    this.reportedAt = performance.now();
    this.#events.onReport(this);
  }

  #end({ code, signal, error = this.#error }: ChildEnd): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#channelTimer);
    this.state = 'ended';
    this.#control.end();
    this.exit = {
      code,
      signal,
      wasReady: this.readyAt !== undefined,
      wasDraining: this.#wasDraining,
      killedFor: this.#killedFor,
      hasDrained: this.#hasDrained,
      report: this.#report,
      error,
    };
    this.#events.onEnd(this, this.exit);
    this.#noteBooted();
    this.#noteEnded();
  }
}
