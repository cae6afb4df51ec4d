import { childCommand, childEnvironment, type CommandOptions } from '../start/child-command.ts';
import { CONTROL_VERSION } from '../control/control-message.ts';
import { PreforkError } from '../prefork-error.ts';
import { startChild } from '../start/start-child.ts';
import type { StartChild } from '../start/started-child.ts';
import { ChildWorker, type WorkerEvents } from './child-worker.ts';
import type { Worker, WorkerExit } from './worker.ts';

export interface SupervisorOptions extends CommandOptions {
  readonly name?: string;
  readonly size: number;
  readonly bootTimeoutMs?: number;
  readonly drainTimeoutMs?: number;
  readonly onWorker?: (worker: Worker) => void;
  readonly onReady?: (worker: Worker) => void;
  readonly onExit?: (worker: Worker, exit: WorkerExit) => void;
}

/** What came of a stop: of each child that there was. */
export interface StoppedWorker extends WorkerExit {
  readonly id: number;
  readonly pid: number | undefined;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #start: StartChild;
  readonly #workers: Set<ChildWorker> = new Set();
  readonly #events: WorkerEvents;
  #waitingForReady: { resolve(): void; reject(error: Error): void } | undefined;
  #onAllEnded: (() => void) | undefined;
  #stopped: StoppedWorker[] = [];
  #isStopping = false;

  constructor(options: SupervisorOptions, start: StartChild = startChild) {
    this.#options = options;
    this.#start = start;
    this.#events = {
      onReady: (worker) => this.#noteReady(worker),
      onLeaving: () => {},
      onEnd: (worker, exit) => this.#noteEnd(worker, exit),
      onError: () => {},
    };
  }

  get workers(): readonly Worker[] {
    return [...this.#workers];
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waitingForReady = { resolve, reject };
      for (let id = 1; id <= this.#options.size; id++) this.#fork(id, 0);
    });
  }

  async stop({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<readonly StoppedWorker[]> {
    this.#isStopping = true;
    const ended = new Promise<void>((resolve) => (this.#onAllEnded = resolve));
    for (const worker of this.#workers) worker.drain(timeoutMs, 'stop');
    if (this.#workers.size > 0) await ended;
    return this.#stopped;
  }

  kill(): void {
    this.#isStopping = true;
    for (const worker of this.#workers) worker.kill();
  }

  #fork(id: number, restarts: number): void {
    const { name = 'prefork' } = this.#options;
    const key = `${id}.${restarts}`;
    const marker = { version: CONTROL_VERSION, name, id, key };
    const child = this.#start({
      ...childCommand(process, this.#options),
      environment: childEnvironment(process, this.#options, marker),
    });
    const worker = new ChildWorker(child, { id, key, restarts }, this.#events);
    this.#workers.add(worker);
    this.#options.onWorker?.(worker);
  }

  #noteReady(worker: Worker): void {
    this.#options.onReady?.(worker);
    if (this.workers.every(({ state }) => state === 'ready')) this.#waitingForReady?.resolve();
  }

  #noteEnd(worker: ChildWorker, exit: WorkerExit): void {
    this.#workers.delete(worker);
    this.#options.onExit?.(worker, exit);
    if (this.#isStopping) this.#stopped.push({ id: worker.id, pid: worker.pid, ...exit });
    else if (!exit.wasReady) {
      this.#waitingForReady?.reject(
        new PreforkError('A child ended before it was ready.', 'ERR_PREFORK_BOOT', exit.error),
      );
      this.kill();
    } else this.#fork(worker.id, worker.restarts + 1);
    if (this.#workers.size === 0) this.#onAllEnded?.();
  }
}
