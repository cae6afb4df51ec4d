import { connectToPrimary } from '../child/connect-to-primary.ts';
import type { DrainReason } from '../control/control-message.ts';
import { PreforkError } from '../prefork-error.ts';
import { Restarts } from '../restart/restarts.ts';
import { startChild } from '../start/start-child.ts';
import type { StartChild } from '../start/started-child.ts';
import { ChildWorker } from './child-worker.ts';
import { bootError, describeEnd, gaveUpError } from './describe-end.ts';
import { OneByOne } from './one-by-one.ts';
import { type SeatStarter, seatStarter } from './seat-starter.ts';
import { Seats } from './seats.ts';
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

/** What reloads, where a terminal or an operator sends it to the whole group. */
const SIGNALS_TO_RELOAD: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGHUP', 'SIGUSR2']);

/** What comes to the whole group at all: children that listen pass over all but SIGTERM. */
const SIGNALS_TO_ALL: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGINT', 'SIGTERM', ...SIGNALS_TO_RELOAD]);

/** A child that such a signal ends so often in a row, before it is ready, sends it to itself. */
const MOST_STRUCK = 5;

/**
 * Children from the file that this process runs: started, watched, replaced, finished.
 *
 * The file runs once in the primary and once in each child; `connectToPrimary()` tells in which of them it is. This
 * class sees to no signals: its user calls `stop`, and `kill`.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #settings: SupervisorSettings;
  readonly #start: SeatStarter;
  readonly #restarts: Restarts = new Restarts();
  readonly #seats: Seats;
  readonly #watch: SilenceWatch<ChildWorker>;
  readonly #workers: Set<ChildWorker> = new Set();
  readonly #replacements: OneByOne = new OneByOne();
  #nextReload: Promise<void> | undefined;
  readonly #stopped: StoppedWorker[] = [];
  #starting: { resolve(): void; reject(error: Error): void } | undefined;
  #started: Promise<void> | undefined;
  #stopping: Promise<readonly StoppedWorker[]> | undefined;
  #onAllEnded: () => void = () => {};
  #hasStarted = false;
  /** Whether any of them ever was. */
  #wasReady = false;
  #hasGivenUp = false;

  /**
   * @param startOne how a process is started; for tests
   * @throws {PreforkError} on a wrong option; where there is no file to start; in a child: children have no children
   */
  constructor(options: SupervisorOptions = {}, startOne: StartChild = startChild) {
    if (connectToPrimary() !== undefined)
      throw new PreforkError('This process is a child of a supervisor, and cannot have one.', 'ERR_PREFORK_CONFIG');
    this.#options = options;
    this.#settings = parseSupervisorOptions(options);
    this.#seats = new Seats(this.#settings.maxSize);
    this.#start = seatStarter(this.#settings, options, startOne);
    this.#watch = new SilenceWatch(this.#settings.unresponsiveTimeoutMs, () => this.#readyWorkers());
  }

  /** Those that have not ended, by their seats. */
  get workers(): readonly Worker[] {
    return [...this.#workers].sort((one, other) => one.id - other.id);
  }

  /**
   * Resolves when all children are ready. One start, however often it is called.
   *
   * @throws {PreforkError} when one ends, or takes too long, before any of them was ready; when this goes on until it
   * is given up; when a stop comes before. No child is left then. After a stop: that is the end of a supervisor
   */
  start(): Promise<void> {
    if (this.#hasStarted && this.#stopping !== undefined) return Promise.reject(overError());
    return (this.#started ??= this.#begin());
  }

  /** How many are to come in the place of others that have ended, some of them later because others failed. */
  get awaited(): number {
    return this.#restarts.awaited;
  }

  /**
   * Starts one more child, on the first seat that is free. @returns whether there was one, fewer processes than the
   * most, and no stop has begun
   */
  grow(): boolean {
    if (this.#stopping !== undefined || this.#hasGivenUp || this.#workers.size >= this.#settings.maxSize) return false;
    const id = this.#seats.take();
    if (id !== undefined) this.#fork(id);
    return id !== undefined;
  }

  /**
   * Has a child finish, in whose place none is started. Where another one is to take its place, it finishes when that
   * is ready, or has failed.
   */
  shrink(worker: Worker): void {
    const child = worker as ChildWorker;
    if (this.#stopping !== undefined || child.state !== 'ready') return;
    if (child.isReplaced) {
      child.isDispensable = true;
      return;
    }
    child.isReplaced = true;
    child.isUnneeded = true;
    this.#log('debug', child, 'It is not needed, and finishes');
    this.#retire(child);
  }

  /**
   * Replaces a child by one that runs the file as it is then: starts the other one, and has this one finish when that
   * is ready. One child at a time is replaced; others wait.
   *
   * Resolves when the one that was replaced has ended. One that ends by itself meanwhile is replaced all the same.
   *
   * @throws {PreforkError} when the other one ends, or takes too long, before it is ready; then this one goes on. When
   *   a stop comes before
   */
  replace(worker: Worker): Promise<void> {
    return this.#replacements.run(async () => {
      await this.#succeed(worker as ChildWorker);
      await (worker as ChildWorker).ended;
    });
  }

  /**
   * Replaces all children that there are, one after the other, with one process more than `maxSize` at most: those that
   * finish are waited for where there are so many. The first that cannot be replaced ends it.
   *
   * Resolves when those that were replaced have ended. A call during a reload is another one after it, however many
   * such calls there are.
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
   * Tells all children to finish, and kills those that have not after `timeoutMs`, or some milliseconds later.
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
    const ready = new Promise<void>((resolve, reject) => (this.#starting = { resolve, reject }));
    this.#watch.start((worker) => this.#killSilent(worker));
    for (let count = 0; count < this.#settings.size; count++) this.#fork(this.#seats.take() as number);
    try {
      await ready;
      this.#hasStarted = true;
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
    this.#restarts.end();
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
    const replaced = this.workers as readonly ChildWorker[];
    for (const worker of replaced) await this.#succeed(worker);
    await Promise.all(replaced.map(({ ended }) => ended));
  }

  /** Until another one is ready, and this one finishes. */
  async #succeed(worker: ChildWorker): Promise<void> {
    while (this.#workers.size > this.#settings.maxSize)
      await Promise.race([...this.#workers].map(({ ended }) => ended));
    if (this.#stopping !== undefined) throw stoppedError();
    // In its place another one comes already.
    if (worker.isReplaced || worker.state === 'draining' || worker.state === 'ended') return;
    worker.isReplaced = true;
    const successor = await this.#bootSuccessor(worker);
    if (successor.readyAt === undefined) throw this.#keep(worker, successor);
    this.#log('info', worker, 'Another one has taken its place, and it finishes');
    this.#tell(() => this.#options.onReplaced?.(worker, successor));
    this.#retire(worker);
  }

  /** Another one for the same seat: ready, or failed. One that a signal to all struck while it started is not it. */
  async #bootSuccessor({ id, restarts }: ChildWorker): Promise<ChildWorker> {
    for (let tries = 1; ; tries++) {
      const successor = this.#fork(id, restarts + 1, true);
      await successor.booted;
      if (this.#stopping !== undefined) throw stoppedError();
      const wasStruck = successor.readyAt === undefined && SIGNALS_TO_RELOAD.has(successor.exit?.signal ?? null);
      if (!wasStruck || tries === MOST_STRUCK) return successor;
    }
  }

  /** It is to finish. */
  #retire(worker: ChildWorker): void {
    if (worker.state === 'draining') return;
    worker.drain(this.#settings.drainTimeoutMs, 'replace');
    this.#tell(() => this.#options.onDraining?.(worker));
  }

  /** The other one has failed. @returns why */
  #keep(worker: ChildWorker, successor: ChildWorker): PreforkError {
    worker.isReplaced = false;
    // It did not go on meanwhile.
    if (worker.state === 'draining' || worker.state === 'ended') {
      worker.isReplaced = true;
      this.#replaceFailed(worker, undefined);
    } else if (worker.isDispensable) this.shrink(worker);
    return bootError(successor, successor.exit as WorkerExit);
  }

  #fork(id: number, restarts = 0, isSuccessor = false): ChildWorker {
    const key = this.#seats.nextKey(id);
    const worker = new ChildWorker(this.#start(id, key), { id, key, restarts, isSuccessor }, this.#settings, {
      onReady: (worker) => this.#noteReady(worker),
      onLeaving: (worker, reason, isFailure) => this.#noteLeaving(worker, reason, isFailure),
      onEnd: (worker, exit) => this.#noteEnd(worker, exit),
      onReport: (worker) => this.#tell(() => this.#options.onReport?.(worker)),
      onError: (worker, err) => this.#log('error', worker, 'Something that it said is not in order', { err }),
    });
    this.#workers.add(worker);
    this.#tell(() => this.#options.onWorker?.(worker));
    return worker;
  }

  #noteReady(worker: ChildWorker): void {
    this.#restarts.ready();
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
    if (worker.isReplaced) return;
    this.#log('info', worker, `It finishes (${reason}), and another one takes its place`);
    worker.isReplaced = true;
    if (isFailure) this.#replaceFailed(worker, undefined);
    else this.#restarts.plan(REPLACED_AFTER_MS, () => this.#restart(worker));
  }

  #noteEnd(worker: ChildWorker, exit: WorkerExit): void {
    this.#workers.delete(worker);
    if (worker.isUnneeded) this.#seats.free(worker.id);
    this.#tell(() => this.#options.onExit?.(worker, exit));
    if (this.#stopping !== undefined) this.#stopped.push({ id: worker.id, key: worker.key, pid: worker.pid, ...exit });
    else if (!worker.isReplaced && !this.#isOnTrial(worker)) this.#noteFailure(worker, exit);
    else if (worker.readyAt !== undefined && !exit.wasDraining) this.#logEnd(worker, exit);
    if (this.#workers.size === 0) this.#onAllEnded();
  }

  /** Whether another one goes on in its place if it fails. */
  #isOnTrial(worker: ChildWorker): boolean {
    return worker.readyAt === undefined && worker.isSuccessor;
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
    // A start has to come to an end: it waits for all.
    const othersServe = this.#starting === undefined && this.#readyWorkers().length > 0;
    if (!this.#restarts.failed(worker.id, worker.readyAt, othersServe, () => this.#restart(worker)))
      this.#giveUp(gaveUpError(worker, exit));
  }

  #restart({ id, restarts }: ChildWorker): void {
    this.#fork(id, restarts + 1);
  }

  #giveUp(error: PreforkError): void {
    if (this.#hasGivenUp) return;
    this.#hasGivenUp = true;
    this.#restarts.end();
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

function overError(): PreforkError {
  return new PreforkError(
    'The supervisor has stopped: make another one to start children anew.',
    'ERR_PREFORK_STOPPED',
  );
}
