import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A program that serves, as a child process. It says `listening <port>` when it does. Killed when its block is left.
 */
export class RunningProgram implements AsyncDisposable {
  readonly process: ChildProcess;
  /** Resolves when the program and its output have ended. */
  readonly exit: Promise<Exit>;
  output = '';
  errors = '';
  readonly #watchers: Set<() => void> = new Set();
  readonly #isGroup: boolean;

  /**
   * @param where the folder it runs in, how many files and connections it may have open, and whether it and its
   *   children are a process group of their own
   */
  constructor(
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    where: { readonly cwd?: string; readonly descriptors?: number; readonly isGroup?: boolean } = {},
  ) {
    const { cwd = FOLDER, descriptors, isGroup = false } = where;
    this.#isGroup = isGroup;
    const command = descriptors === undefined ? [] : ['sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`];
    const [file, ...rest] = [...command, process.execPath, ...args] as [string, ...string[]];
    this.process = spawn(file, rest, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: isGroup,
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.#look();
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
      this.#look();
    });
    this.exit = new Promise((resolve) => {
      this.process.once('close', (code, signal) => {
        this.#look();
        resolve({ code, signal });
      });
    });
  }

  /** Resolves when the program has said it; rejects when it ended without. */
  async said(text: string | RegExp): Promise<RegExpMatchArray> {
    const find = (): RegExpMatchArray | undefined => (this.output + this.errors).match(text) ?? undefined;
    return this.until(find, String(text));
  }

  /**
   * Resolves to what is found, which is looked for whenever the program says something; rejects when it ended without.
   */
  async until<Found>(find: () => Found | undefined, what: string): Promise<Found> {
    let watch: () => void = () => {};
    const found = new Promise<Found>((resolve) => {
      watch = () => {
        const one = find();
        if (one !== undefined) resolve(one);
      };
      this.#watchers.add(watch);
      watch();
    });
    const ended = this.exit.then(() => {
      const one = find();
      if (one !== undefined) return one;
      throw new Error(`The program ended without saying ${what}. It said: ${this.output}${this.errors}`);
    });
    return Promise.race([found, ended]).finally(() => this.#watchers.delete(watch));
  }

  /** Where it listens. */
  async url(path = '/'): Promise<string> {
    const [, port] = await this.said(/listening (\d+)/);
    return `http://127.0.0.1:${port}${path}`;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Sends a signal to the program and its children at once, those included that are left of it. */
  killGroup(signal: NodeJS.Signals): void {
    try {
      if (this.process.pid !== undefined) process.kill(-this.process.pid, signal);
    } catch {
      // They are all gone.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isGroup) this.killGroup('SIGKILL');
    else this.process.kill('SIGKILL');
    await this.exit;
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** Runs one of the programs in `fixtures/`. */
export function runFixture(name: string, ...args: readonly string[]): RunningProgram {
  return new RunningProgram([`fixtures/${name}.mjs`, ...args]);
}
