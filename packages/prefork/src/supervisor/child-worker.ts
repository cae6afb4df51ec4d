import { ControlChannel, type MessageHandler } from '../control/control-channel.ts';
import type { ControlMessage, DrainReason } from '../control/control-message.ts';
import { parseRemoteError } from '../control/remote-error.ts';
import { Link } from '../link/link.ts';
import type { ChildEnd, StartedChild } from '../start/started-child.ts';
import type { Worker, WorkerExit, WorkerReport, WorkerState } from './worker.ts';

/** What becomes of a worker, told to its supervisor. */
export interface WorkerEvents {
  onReady(worker: ChildWorker): void;
  /** It ends by itself, and not because it was told to. */
  onLeaving(worker: ChildWorker, reason: DrainReason, isFailure: boolean): void;
  onEnd(worker: ChildWorker, exit: WorkerExit): void;
  onError(worker: ChildWorker, error: unknown): void;
}

/** Where a worker sits. */
export interface WorkerPlace {
  readonly id: number;
  readonly key: string;
  readonly restarts: number;
}

/** A child process and what is known of it. */
export class ChildWorker implements Worker {
  readonly id: number;
  readonly key: string;
  readonly restarts: number;
  readonly startedAt: number = Date.now();
  readonly pid: number | undefined;
  readonly link: Link;
  state: WorkerState = 'starting';
  lastReport: WorkerReport | undefined;
  /** When it was ready, of the monotonic clock. */
  readyAt: number | undefined;
  readonly #child: StartedChild;
  readonly #control: ControlChannel;
  readonly #events: WorkerEvents;
  #wasDraining = false;
  #isForced = false;
  #report: unknown;
  #error: Error | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(child: StartedChild, { id, key, restarts }: WorkerPlace, events: WorkerEvents) {
    this.id = id;
    this.key = key;
    this.restarts = restarts;
    this.pid = child.pid;
    this.#child = child;
    this.#events = events;
    this.link = new Link(child.port, { onError: (error) => events.onError(this, error) });
    this.#control = new ControlChannel(child.control, {
      onControl: (message) => this.#hear(message),
      onClosed: () => this.#lose(),
      onError: (error) => events.onError(this, error),
    });
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
    this.#leave(timeoutMs);
    void this.#control.control({ kind: 'drain', timeoutMs, reason });
  }

  /** At once; it counts as forced. */
  kill(): void {
    if (this.state === 'ended') return;
    this.#isForced = true;
    this.#child.kill('SIGKILL');
  }

  #leave(timeoutMs: number): void {
    this.state = 'draining';
    this.#wasDraining = true;
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => this.kill(), timeoutMs);
  }

  #hear(message: ControlMessage): void {
    if (message.kind === 'ready') this.#becomeReady();
    else if (message.kind === 'failed') this.#error = parseRemoteError(message.error);
    else if (message.kind === 'drained') this.#report = message.report;
    else if (message.kind === 'draining') this.#events.onLeaving(this, message.reason, message.isFailure);
  }

  #becomeReady(): void {
    if (this.state !== 'starting') return;
    this.state = 'ready';
    this.readyAt = performance.now();
    this.#events.onReady(this);
  }

  /** Its channel is gone, and it is about to be: what is alive drains itself then. */
  #lose(): void {
    if (this.state === 'starting' || this.state === 'ready') this.#events.onLeaving(this, 'primary-lost', false);
  }

  #end({ code, signal, error = this.#error }: ChildEnd): void {
    clearTimeout(this.#killTimer);
    this.state = 'ended';
    this.#events.onEnd(this, {
      code,
      signal,
      wasReady: this.readyAt !== undefined,
      wasDraining: this.#wasDraining,
      isForced: this.#isForced,
      report: this.#report,
      error,
    });
  }
}
