import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const APP = fileURLToPath(new URL('../fixtures/app.mjs', import.meta.url));

/**
 * The app of `fixtures/app.mjs`, as a process in a group of its own. Killed with its children when its block is left.
 */
export class App implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  /** Of the children. */
  pids: readonly number[] = [];
  readonly #exit: Promise<unknown[]>;
  readonly #watchers: Set<() => void> = new Set();

  constructor(mode: string) {
    this.process = spawn(process.execPath, [APP, mode], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    this.#exit = once(this.process, 'close');
    createInterface(this.process.stdout as NodeJS.ReadableStream).on('line', (line) => {
      this.lines.push(line);
      for (const watcher of this.#watchers) watcher();
    });
  }

  static async start(mode: string): Promise<App> {
    const app = new App(mode);
    const ready = await app.line(/^ready /);
    app.pids = ready.split(' ').slice(1).map(Number);
    return app;
  }

  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      const look = (): void => {
        const line = this.lines.find((line) => pattern.test(line));
        if (line === undefined) return;
        this.#watchers.delete(look);
        resolve(line);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Code and signal, when all that it and its children say was read. */
  exit(): Promise<unknown[]> {
    return this.#exit;
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** As a terminal does it: to the primary and its children. */
  signalAll(signal: NodeJS.Signals): void {
    process.kill(-(this.process.pid as number), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.signalAll('SIGKILL');
    } catch {
      // They have all ended.
    }
    await this.#exit;
  }
}
