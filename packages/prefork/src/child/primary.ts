import { ControlChannel, type MessageHandler } from '../control/control-channel.ts';
import type { ControlMessage, DrainReason } from '../control/control-message.ts';
import { formatRemoteError } from '../control/remote-error.ts';
import { Link } from '../link/link.ts';
import type { Marker } from '../start/marker.ts';
import { LagMeter } from './lag-meter.ts';
import { UnheardError } from '../unheard-error.ts';
import type { OwnProcess } from './own-process.ts';

export interface DrainOptions {
  /** Until everything has to be done; `graceMs` of the supervisor later, this process is ended. */
  readonly timeoutMs: number;
  readonly reason: DrainReason;
}

/** Finishes what there is. What it gives, or resolves to, is told to the primary. */
export type DrainHandler = (options: DrainOptions) => unknown;

/** Name of the reports on the link. */
export const REPORT = 'prefork:report';

/** What is written right at the deadline leaves. */
const EXIT_AFTER_DEADLINE_MS = 50;

/** So long before the deadline a child says that it lives: it may be late, and still be heard in time. */
const ALIVE_BEFORE_DEADLINE_MS = 250;

/**
 * The primary, as a child sees it.
 *
 * A child lives until its primary says that it shall finish, or is gone, or the child is sent SIGTERM, or says `drain`:
 * the handler of `onDrain` runs, its result is told, and when nothing else keeps the process alive it ends; at the
 * deadline it is ended. SIGINT and SIGHUP, which a terminal sends to the primary as well, and SIGUSR2 are for the
 * primary to see to.
 */
export class Primary {
  /** Of the supervisor. */
  readonly name: string;
  /** Of this child's seat: 1 to the size. */
  readonly id: number;
  /** Unique among all children that the supervisor has had. */
  readonly key: string;
  /** Messages and calls with data, in order. */
  readonly link: Link;
  readonly #marker: Marker;
  readonly #own: OwnProcess;
  readonly #control: ControlChannel;
  readonly #lag: LagMeter = new LagMeter();
  #reportTimer: NodeJS.Timeout | undefined;
  #give: () => Readonly<Record<string, unknown>> = () => ({});
  #onError: (error: unknown) => void = (error) => process.emitWarning(asError(error));
  #drainHandler: DrainHandler | undefined;
  #exitTimer: NodeJS.Timeout | undefined;
  #isReady = false;
  #isDraining = false;

  constructor(marker: Marker, own: OwnProcess) {
    this.name = marker.name;
    this.id = marker.id;
    this.key = marker.key;
    this.#marker = marker;
    this.#own = own;
    this.link = new Link(own.port, { onError: (error) => this.#tellError(error) });
    this.#control = new ControlChannel(own.control, {
      onControl: (message) => this.#hear(message),
      onClosed: () => this.lose(),
      onError: (error) => this.#tellError(error),
    });
    this.link.onClosed(() => this.lose());
    // The file of the app may loop before it says that it is ready.
    this.#watch();
  }

  /** Sees to the messages of a type that the primary sends; a second handler takes the place of the first. */
  onMessage(type: string, handler: MessageHandler): this {
    this.#control.on(type, handler);
    return this;
  }

  /**
   * Sends a message, and a handle of the system where one is given, over Node's channel.
   *
   * Resolves to whether it went out, with a handle: whether the primary took it. Never rejects.
   *
   * @throws {TypeError} on data that has no JSON
   */
  send(type: string, data?: unknown, handle?: object): Promise<boolean> {
    return this.#control.send(type, data, handle);
  }

  /** This child serves. From here on it lives until it is told to finish, and reports about each second. */
  ready(): void {
    if (this.#isReady || this.#isDraining) return;
    this.#isReady = true;
    this.#own.hold();
    void this.#control.control({ kind: 'ready' });
    this.#lag.start();
    this.#report();
    this.#reportTimer = setInterval(() => this.#report(), this.#marker.reportIntervalMs).unref();
  }

  /** What each report holds besides the lag of the event loop and the memory. */
  report(give: () => Readonly<Record<string, unknown>>): void {
    this.#give = give;
  }

  /** Without one, there is nothing to finish. */
  onDrain(handler: DrainHandler): void {
    this.#drainHandler = handler;
  }

  /** Told of handlers that fail. @default a warning of the process */
  onError(listener: (error: unknown) => void): void {
    this.#onError = listener;
  }

  /**
   * Finishes without being told to: another child takes the seat.
   *
   * @param isFailure whether the other one waits, as after a crash, when this happens again and again
   */
  drain(reason: DrainReason, { isFailure = false }: { readonly isFailure?: boolean } = {}): void {
    if (this.#isDraining) return;
    void this.#control.control({ kind: 'draining', reason, isFailure });
    void this.#drain({ timeoutMs: this.#marker.drainTimeoutMs, reason });
  }

  /** Tells what nothing caught. It is written before this returns, as the process may end right then. */
  fail(error: unknown): void {
    void this.#control.control({ kind: 'failed', error: formatRemoteError(error) });
  }

  /** The primary is gone. */
  lose(): void {
    void this.#drain({ timeoutMs: this.#marker.drainTimeoutMs, reason: 'primary-lost' });
  }

  /** Until it is ready a child has not said yet what it sees to. */
  #tellError(error: unknown): void {
    if (this.#isReady || !(error instanceof UnheardError)) this.#onError(error);
  }

  /** Where Node lets a process have no threads, it goes without. */
  #watch(): void {
    const onError = (error: unknown): void => this.#onError(error);
    try {
      const { pid, drainTimeoutMs, graceMs } = this.#marker;
      this.#own.watch({
        primaryPid: pid,
        endsAfterMs: drainTimeoutMs + graceMs,
        onParentLost: () => this.lose(),
        onError,
      });
    } catch (error) {
      onError(error);
    }
  }

  #hear(message: ControlMessage): void {
    if (message.kind === 'drain') void this.#drain(message);
  }

  async #drain({ timeoutMs, reason }: DrainOptions): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    const endsAt = performance.now() + timeoutMs;
    const sign = setTimeout(
      () => void this.#control.control({ kind: 'alive' }),
      Math.max(0, timeoutMs - ALIVE_BEFORE_DEADLINE_MS),
    ).unref();
    this.#exitAt(endsAt + this.#marker.graceMs, 1);
    let code = 1;
    try {
      const report = await this.#drainHandler?.({ timeoutMs, reason });
      await this.#control.control({ kind: 'drained', report });
      code = 0;
    } catch (error) {
      this.#onError(error);
      this.fail(error);
    }
    clearTimeout(sign);
    this.#exitAt(endsAt, code);
    this.#leave(code);
  }

  /** @param endsAt on the clock of `performance` */
  #exitAt(endsAt: number, code: number): void {
    clearTimeout(this.#exitTimer);
    const leftMs = Math.max(0, endsAt - performance.now());
    this.#exitTimer = setTimeout(() => this.#own.exit(code), leftMs + EXIT_AFTER_DEADLINE_MS).unref();
  }

  #leave(code: number): void {
    clearInterval(this.#reportTimer);
    this.#lag.stop();
    this.#own.leave(code);
    this.link.close();
    if (!this.#isReady) this.#own.exit(code);
  }

  #report(): void {
    const own = { lagMs: this.#lag.take(), memoryBytes: process.memoryUsage.rss() };
    try {
      this.link.tell(REPORT, { ...this.#give(), ...own });
    } catch (error) {
      this.#onError(error);
      this.link.tell(REPORT, own);
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
