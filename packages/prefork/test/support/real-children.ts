import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import type { SupervisorOptions } from '../../src/supervisor/supervisor-options.ts';
import type { Worker, WorkerExit } from '../../src/supervisor/worker.ts';

const CHILD: string = fileURLToPath(new URL('../fixtures/child.mjs', import.meta.url));

/** A supervisor of real processes, of the file `fixtures/child.mjs`. All are killed when its block is left. */
export class RealChildren implements AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly exits: [worker: Worker, exit: WorkerExit][] = [];
  #readyCount = 0;
  readonly #watchers: Set<() => void> = new Set();

  /** @param mode see there */
  constructor(mode: string, options: SupervisorOptions = {}) {
    this.supervisor = new Supervisor({
      size: 1,
      entry: CHILD,
      args: [mode],
      ...options,
      onReady: (worker) => {
        options.onReady?.(worker);
        this.#readyCount++;
        this.#look();
      },
      onExit: (worker, exit) => {
        options.onExit?.(worker, exit);
        this.exits.push([worker, exit]);
        this.#look();
      },
    });
  }

  static async start(mode: string, options?: SupervisorOptions): Promise<RealChildren> {
    const children = new RealChildren(mode, options);
    await children.supervisor.start();
    return children;
  }

  /** The first one there is. */
  get worker(): Worker {
    const [worker] = this.supervisor.workers;
    if (worker === undefined) throw new Error('There is no worker.');
    return worker;
  }

  do(deed: string, how: object = {}): void {
    this.worker.link.tell('do', { deed, ...how });
  }

  /** How the `count`th one that ended did. */
  async exit(count = 1): Promise<WorkerExit> {
    await this.#until(() => this.exits.length >= count);
    return this.exits[count - 1]?.[1] as WorkerExit;
  }

  /** Resolves when the `count`th one that was started is ready. */
  ready(count: number): Promise<void> {
    return this.#until(() => this.#readyCount >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.supervisor.kill();
    await this.supervisor.stop();
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** Resolves when there is no such process any more. */
export async function gone(pid: number | undefined): Promise<void> {
  while (isAlive(pid)) await wait(10);
}

export function isAlive(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? Number.NaN, 0);
    return true;
  } catch {
    return false;
  }
}
