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

  /** @param where the folder it runs in, and how many files and connections it may have open */
  constructor(
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    where: { readonly cwd?: string; readonly descriptors?: number } = {},
  ) {
    const { cwd = FOLDER, descriptors } = where;
    const command = descriptors === undefined ? [] : ['sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`];
    const [file, ...rest] = [...command, process.execPath, ...args] as [string, ...string[]];
    this.process = spawn(file, rest, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
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
    const find = (): RegExpMatchArray | null => (this.output + this.errors).match(text);
    let watch: () => void = () => {};
    const found = new Promise<RegExpMatchArray>((resolve) => {
      watch = () => {
        const match = find();
        if (match !== null) resolve(match);
      };
      this.#watchers.add(watch);
      watch();
    });
    const ended = this.exit.then(() => {
      const match = find();
      if (match !== null) return match;
      throw new Error(`The program ended without saying ${String(text)}. It said: ${this.output}${this.errors}`);
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL');
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
