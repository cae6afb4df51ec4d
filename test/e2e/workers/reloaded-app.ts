import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '../promises/connection.ts';
import { RunningProgram } from '../run-program.ts';
import { Traffic } from './traffic.ts';

/** How many `children`, and options of the server. */
export interface ReloadedAppOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly [name: string]: unknown;
}

/** The app of `fixtures/reloaded.mjs`, with a part of its code that can be changed. Killed when its block is left. */
export class ReloadedApp implements AsyncDisposable {
  readonly program: RunningProgram;
  port = 0;
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'portlight-reload-'));

  readonly #cert: string | undefined;

  private constructor({ tls, ...options }: ReloadedAppOptions, args: readonly string[]) {
    this.#cert = tls?.cert;
    this.change("export const version = 'one';");
    const told = { part: this.#part, tls, ...options };
    this.program = new RunningProgram([...args, 'fixtures/reloaded.mjs', JSON.stringify(told)], {}, { isGroup: true });
  }

  /** @param args of Node */
  static async start(options: ReloadedAppOptions = {}, args: readonly string[] = []): Promise<ReloadedApp> {
    const app = new ReloadedApp(options, args);
    app.port = Number((await app.program.said(/listening (\d+)/))[1]);
    return app;
  }

  get pid(): number {
    return this.program.process.pid as number;
  }

  /** Changes the code, which says what `version` is. */
  change(code: string): void {
    writeFileSync(this.#part, code);
  }

  /** Resolves when a reload is over, however it came out. */
  async reload(signal: NodeJS.Signals = 'SIGUSR2'): Promise<void> {
    const { length } = this.outcomes();
    this.program.kill(signal);
    await this.over(length + 1);
  }

  /** Resolves when so many reloads are over. */
  over(count: number): Promise<true> {
    return this.program.until(() => (this.outcomes().length >= count ? true : undefined), `${count} reloads`);
  }

  /** @param perConnection how many requests follow each other on one connection */
  traffic(clients: number, perConnection: number, port: number = this.port): Traffic {
    return new Traffic(port, clients, perConnection, this.#cert);
  }

  outcomes(): readonly string[] {
    return this.program.errors.match(/Reloaded\.|The reload has failed/g) ?? [];
  }

  /** All children that ever began to serve, the first first. */
  children(): readonly number[] {
    return [...this.program.output.matchAll(/^onWorkerStart by (\d+)$/gm)].map(([, pid]) => Number(pid));
  }

  async ask(path: string, method = 'GET'): Promise<string> {
    await using connection = new Connection(this.port, this.#cert);
    return (await connection.ask(path, { method })).text;
  }

  /** The processes that serve. */
  async workers(): Promise<readonly { readonly pid: number; readonly state: string; readonly restarts: number }[]> {
    return JSON.parse(await this.ask('/workers')) as [];
  }

  /** Stops it. @returns its exit code */
  async stop(): Promise<number | null> {
    this.program.kill('SIGTERM');
    return (await this.program.exit).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }

  get #part(): string {
    return join(this.#folder, 'part.mjs');
  }
}
