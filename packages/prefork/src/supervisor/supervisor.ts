import { connectToPrimary } from '../child/connect-to-primary.ts';
import { CONTROL_VERSION, type DrainReason } from '../control/control-message.ts';
import { PreforkError } from '../prefork-error.ts';
import { RestartPolicy } from '../restart/restart-policy.ts';
import { childCommand } from '../start/child-command.ts';
import { formatMarker } from '../start/marker.ts';
import { startChild } from '../start/start-child.ts';
import type { StartChild, StartedChild } from '../start/started-child.ts';
import { unstartedChild } from '../start/unstarted-child.ts';
import { ChildWorker } from './child-worker.ts';
import { bootError, describeEnd, gaveUpError } from './describe-end.ts';
import { OneByOne } from './one-by-one.ts';
import { SilenceWatch } from './silence-watch.ts';
import {
  parseSupervisorOptions,
  type SupervisorLog,
  type SupervisorOptions,
  type SupervisorSettings,
} from './supervisor-options.ts';
import type { Worker, WorkerExit } from './worker.ts';

/** What came of a stop for one of the children that there were. */
export interface StoppedWorker extends WorkerExit {
  readonly id: number;
  readonly key: string;
  readonly pid: number | undefined;
}

/** A signal to all, as from a terminal, comes to the children too: nobody takes the place of those that finish then. */
const REPLACED_AFTER_MS = 100;

/** What a terminal sends to the whole group, and what reloads: children that listen pass over all but SIGTERM. */
const SIGNALS_TO_ALL: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']);

/** Several missed reports make a silence. */
const REPORTS_IN_SILENCE = 5;
const MAX_REPORT_INTERVAL_MS = 1_000;

/**
 * Children from the file that this process runs: started, watched, replaced, finished.
 *
 * The file runs once in the primary and once in each child; `connectToPrimary()` tells in which of them it is. This
 * class sees to no signals: its user calls `stop`, and `kill`.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #settings: SupervisorSettings;
  readonly #startChild: StartChild;
  readonly #policy: RestartPolicy = new RestartPolicy();
  readonly #watch: SilenceWatch<ChildWorker>;
  readonly #workers: Set<ChildWorker> = new Set();
  /** Those in whose place another one is, or comes. */
  readonly #replaced: WeakSet<ChildWorker> = new WeakSet();
  /** Those that are to take the place of one that goes on until they are ready. */
  readonly #successors: WeakSet<ChildWorker> = new WeakSet();
  readonly #replacements: OneByOne = new OneByOne();
  #nextReload: Promise<void> | undefined;
  /** How many were started on each seat. */
  readonly #forks: Map<number, number> = new Map();
  /** Seats on which a child is, or comes. */
  readonly #seats: Set<number> = new Set();
  /** Those in whose place none comes. */
  readonly #unneeded: WeakSet<ChildWorker> = new WeakSet();
  readonly #restartTimers: Set<NodeJS.Timeout> = new Set();
  readonly #stopped: StoppedWorker[] = [];
  #starting: { resolve(): void; reject(error: Error): void } | undefined;
  #started: Promise<void> | undefined;
  #stopping: Promise<readonly StoppedWorker[]> | undefined;
  #onAllEnded: () => void = () => {};
  #wasReady = false;
  #hasGivenUp = false;

  /**
   * @param startOne how a process is started; for tests
   * @throws {PreforkError} on a wrong option, and in a child: children have no children
   */
  constructor(options: SupervisorOptions = {}, startOne: StartChild = startChild) {
    if (connectToPrimary() !== undefined)
      throw new PreforkError('This process is a child of a supervisor, and cannot have one.', 'ERR_PREFORK_CONFIG');
    this.#options = options;
    this.#settings = parseSupervisorOptions(options);
    this.#startChild = startOne;
    this.#watch = new SilenceWatch(this.#settings.unresponsiveTimeoutMs, () => this.#readyWorkers());
  }

  /** Those that have not ended, by their seats. */
  get workers(): readonly Worker[] {
    return [...this.#workers].sort((one, other) => one.id - other.id);
  }

  /**
   * Resolves when all children are ready.
   *
   * @throws {PreforkError} when one ends, or takes too long, before any of them was ready; when this goes on until it
   * is given up; when a stop comes before; where there is no file. No child is left then.
   */
  start(): Promise<void> {
    return (this.#started ??= this.#begin());
  }

  /**
   * Starts one more child, on the first seat that is free. @returns whether there was one, and no stop has begun
   */
  grow(): boolean {
    if (this.#stopping !== undefined || this.#hasGivenUp || this.#seats.size >= this.#settings.maxSize) return false;
    let id = 1;
    while (this.#seats.has(id)) id++;
    this.#fork(id, 0);
    return true;
  }

  /** Has a child finish, in whose place none is started. Nothing where another one takes its place already. */
  shrink(worker: Worker): void {
    const child = worker as ChildWorker;
    if (this.#stopping !== undefined || child.state !== 'ready' || this.#replaced.has(child)) return;
    this.#replaced.add(child);
    this.#log('debug', child, 'It is not needed, and finishes');
    this.#unneeded.add(child);
    this.#retire(child);
  }

  /**
   * Replaces a child by one that runs the file as it is then: starts the other one, and has this one finish when that
   * is ready. One child at a time is replaced, and there is one more than `size` meanwhile; others wait.
   *
   * Resolves when the one that was replaced has ended. One that ends by itself meanwhile is replaced all the same.
   *
   * @throws {PreforkError} when the other one ends, or takes too long, before it is ready; then this one goes on. When
   *   a stop comes before
   */
  replace(worker: Worker): Promise<void> {
    return this.#replacements.run(() => this.#succeed(worker as ChildWorker));
  }

  /**
   * Replaces all children that there are, one after the other. The first that cannot be replaced ends it.
   *
   * A call during a reload is another one after it, however many such calls there are.
   *
   * @throws {PreforkError} as `replace`
   */
  reload(): Promise<void> {
    return (this.#nextReload ??= this.#replacements.run(() => {
      this.#nextReload = undefined;
      return this.#succeedAll();
    }));
  }

  /**
   * Tells all children to finish, and kills those that have not after `timeoutMs`.
   *
   * Resolves when all have ended, to what became of each. One stop, however often it is called.
   */
  stop({ timeoutMs = this.#settings.drainTimeoutMs }: { readonly timeoutMs?: number } = {}): Promise<
    readonly StoppedWorker[]
  > {
    return (this.#stopping ??= this.#finish((worker) => worker.drain(timeoutMs, 'stop')));
  }

  /** Ends all children at once. `stop` resolves when they have ended. */
  kill(): void {
    this.#stopping ??= this.#finish(() => {});
    for (const worker of this.#workers) worker.kill('kill');
  }

  async #begin(): Promise<void> {
    if (this.#stopping !== undefined) throw stoppedError();
    childCommand(process, this.#options);
    const ready = new Promise<void>((resolve, reject) => (this.#starting = { resolve, reject }));
    this.#watch.start((worker) => this.#killSilent(worker));
    for (let id = 1; id <= this.#settings.size; id++) this.#fork(id, 0);
    try {
      await ready;
    } catch (error) {
      if (this.#stopping === undefined) this.kill();
      await this.stop();
      throw error;
    } finally {
      this.#starting = undefined;
    }
  }

  async #finish(end: (worker: ChildWorker) => void): Promise<readonly StoppedWorker[]> {
    this.#watch.stop();
    this.#clearRestarts();
    this.#starting?.reject(stoppedError());
    const ended = new Promise<void>((resolve) => (this.#onAllEnded = resolve));
    for (const worker of this.#workers) end(worker);
    if (this.#workers.size > 0) await ended;
    return this.#stopped;
  }

  async #succeedAll(): Promise<void> {
    // Those that are started from here on run the file as it is.
    await this.#started?.catch(() => {});
    if (this.#stopping !== undefined) throw stoppedError();
    for (const worker of this.workers) await this.#succeed(worker as ChildWorker);
  }

  async #succeed(worker: ChildWorker): Promise<void> {
    if (this.#stopping !== undefined) throw stoppedError();
    // In its place another one comes already.
    if (this.#replaced.has(worker) || worker.state === 'draining' || worker.state === 'ended') return;
    this.#replaced.add(worker);
    const successor = this.#fork(worker.id, worker.restarts + 1, (successor) => this.#successors.add(successor));
    await successor.booted;
    if (this.#stopping !== undefined) throw stoppedError();
    if (successor.readyAt === undefined) throw this.#keep(worker, successor);
    this.#log('info', worker, 'Another one has taken its place, and it finishes');
    this.#tell(() => this.#options.onReplaced?.(worker, successor));
    this.#retire(worker);
    await worker.ended;
  }

  /** It is to finish. */
  #retire(worker: ChildWorker): void {
    if (worker.state === 'draining') return;
    worker.drain(this.#settings.drainTimeoutMs, 'replace');
    this.#tell(() => this.#options.onDraining?.(worker));
  }

  /** The other one has failed. @returns why */
  #keep(worker: ChildWorker, successor: ChildWorker): PreforkError {
    this.#replaced.delete(worker);
    // It did not go on meanwhile.
    if (worker.state === 'draining' || worker.state === 'ended') {
      this.#replaced.add(worker);
      this.#replaceFailed(worker, undefined);
    }
    return bootError(successor, successor.exit as WorkerExit);
  }

  #fork(id: number, restarts: number, note: (worker: ChildWorker) => void = () => {}): ChildWorker {
    const forks = this.#forks.get(id) ?? 0;
    this.#forks.set(id, forks + 1);
    this.#seats.add(id);
    const key = `${id}.${forks}`;
    const worker = new ChildWorker(this.#startProcess(id, key), { id, key, restarts }, this.#settings.bootTimeoutMs, {
      onReady: (worker) => this.#noteReady(worker),
      onLeaving: (worker, reason, isFailure) => this.#noteLeaving(worker, reason, isFailure),
      onEnd: (worker, exit) => this.#noteEnd(worker, exit),
      onReport: (worker) => this.#tell(() => this.#options.onReport?.(worker)),
      onError: (worker, err) => this.#log('error', worker, 'Something that it said is not in order', { err }),
    });
    note(worker);
    this.#workers.add(worker);
    this.#tell(() => this.#options.onWorker?.(worker));
    return worker;
  }

  #startProcess(id: number, key: string): StartedChild {
    const { name, drainTimeoutMs, unresponsiveTimeoutMs } = this.#settings;
    const marker = formatMarker({
      version: CONTROL_VERSION,
      name,
      id,
      key,
      drainTimeoutMs,
      reportIntervalMs: Math.min(MAX_REPORT_INTERVAL_MS, unresponsiveTimeoutMs / REPORTS_IN_SILENCE),
    });
    try {
      const command = childCommand(process, this.#options);
      return this.#startChild({ ...command, environment: { ...command.environment, ...marker } });
    } catch (error) {
      return unstartedChild(error as Error);
    }
  }

  #noteReady(worker: ChildWorker): void {
    this.#policy.ready();
    this.#wasReady = true;
    this.#log('debug', worker, 'It is ready');
    this.#tell(() => this.#options.onReady?.(worker));
    if (this.#readyWorkers().length >= this.#settings.size) this.#starting?.resolve();
  }

  #noteLeaving(worker: ChildWorker, reason: DrainReason, isFailure: boolean): void {
    worker.finishWithin(this.#settings.drainTimeoutMs);
    this.#tell(() => this.#options.onDraining?.(worker));
    // Of one that fails before any was ready, the end says why.
    if (this.#stopping !== undefined || (isFailure && !this.#wasReady) || this.#isOnTrial(worker)) return;
    if (this.#replaced.has(worker)) return;
    this.#log('info', worker, `It finishes (${reason}), and another one takes its place`);
    this.#replaced.add(worker);
    if (isFailure) this.#replaceFailed(worker, undefined);
    else this.#replace(worker, REPLACED_AFTER_MS);
  }

  #noteEnd(worker: ChildWorker, exit: WorkerExit): void {
    this.#workers.delete(worker);
    if (this.#unneeded.has(worker)) this.#seats.delete(worker.id);
    this.#tell(() => this.#options.onExit?.(worker, exit));
    if (this.#stopping !== undefined) this.#stopped.push({ id: worker.id, key: worker.key, pid: worker.pid, ...exit });
    else if (!this.#replaced.has(worker) && !this.#isOnTrial(worker)) this.#noteFailure(worker, exit);
    else if (worker.readyAt !== undefined && !exit.wasDraining) this.#logEnd(worker, exit);
    if (this.#workers.size === 0) this.#onAllEnded();
  }

  /** Whether another one goes on in its place if it fails. */
  #isOnTrial(worker: ChildWorker): boolean {
    return worker.readyAt === undefined && this.#successors.has(worker);
  }

  #logEnd(worker: ChildWorker, exit: WorkerExit): void {
    this.#log('error', worker, `It ended ${describeEnd(exit)}`, exit.error === undefined ? {} : { err: exit.error });
  }

  #noteFailure(worker: ChildWorker, exit: WorkerExit): void {
    this.#logEnd(worker, exit);
    // A signal to all, which ends those that do not listen yet: whoever starts them is told of it too.
    const isTold = SIGNALS_TO_ALL.has(exit.signal);
    if (!this.#wasReady && !isTold) this.#starting?.reject(bootError(worker, exit));
    else this.#replaceFailed(worker, exit);
  }

  #replaceFailed(worker: ChildWorker, exit: WorkerExit | undefined): void {
    const now = performance.now();
    const upMs = worker.readyAt === undefined ? undefined : now - worker.readyAt;
    const delayMs = this.#policy.failed(worker.id, upMs, now);
    if (delayMs !== 'give-up') this.#replace(worker, delayMs);
    else this.#giveUp(gaveUpError(worker, exit));
  }

  #replace({ id, restarts }: ChildWorker, delayMs: number): void {
    if (this.#hasGivenUp) return;
    const timer = setTimeout(() => {
      this.#restartTimers.delete(timer);
      this.#fork(id, restarts + 1);
    }, delayMs);
    this.#restartTimers.add(timer);
  }

  #clearRestarts(): void {
    for (const timer of this.#restartTimers) clearTimeout(timer);
    this.#restartTimers.clear();
  }

  #giveUp(error: PreforkError): void {
    if (this.#hasGivenUp) return;
    this.#hasGivenUp = true;
    this.#clearRestarts();
    this.#options.log?.error({ err: error }, error.message);
    if (this.#starting !== undefined) this.#starting.reject(error);
    else this.#tell(() => this.#options.onGaveUp?.(error));
  }

  #killSilent(worker: ChildWorker): void {
    this.#log(
      'error',
      worker,
      `It has given no sign of life for ${this.#settings.unresponsiveTimeoutMs} ms: it is killed`,
    );
    worker.kill('unresponsive');
  }

  #readyWorkers(): readonly ChildWorker[] {
    return [...this.#workers].filter(({ state }) => state === 'ready');
  }

  #log(level: keyof SupervisorLog, { id, pid }: Worker, message: string, fields: object = {}): void {
    this.#options.log?.[level]({ worker: id, pid, ...fields }, `Worker ${id}: ${message}.`);
  }

  /** What a hook throws is its own affair. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (err) {
      this.#options.log?.error({ err }, 'A hook of the supervisor failed.');
    }
  }
}

function stoppedError(): PreforkError {
  return new PreforkError('The supervisor was stopped before its children were ready.', 'ERR_PREFORK_STOPPED');
}
