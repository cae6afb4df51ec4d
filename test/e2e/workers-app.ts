import { readFileSync } from 'node:fs';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { RunningProgram } from './run-program.ts';

/** What `fixtures/workers.mjs` takes, and options of run. */
export type WorkersAppOptions = Readonly<Record<string, unknown>>;

/** A child as the app tells of it. */
export interface ToldWorker {
  readonly id: number;
  readonly pid: number;
  readonly state: string;
  readonly connections: number;
  readonly requests: number;
  readonly memoryBytes: number;
  readonly lagMs: number;
  readonly restarts: number;
  readonly startedAt: number;
}

/** The app with child processes, running. */
export class WorkersApp extends RunningProgram {
  constructor(options: WorkersAppOptions = {}, args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) {
    super([...args, 'fixtures/workers.mjs', JSON.stringify(options)], environment);
  }

  async port(): Promise<number> {
    return Number(new URL(await this.url()).port);
  }

  async get(path: string): Promise<string> {
    const response = await fetch(await this.url(path), { headers: { connection: 'close' } });
    return response.text();
  }

  async workers(): Promise<readonly ToldWorker[]> {
    return JSON.parse(await this.get('/workers')) as readonly ToldWorker[];
  }

  /** A connection to one of the children, which has answered one request on it. */
  async connectTo(pid: number): Promise<RawClient> {
    for (;;) {
      const client = await RawClient.open(await this.port());
      const { body } = await client.send(get('/')).response();
      client.received = '';
      if (body === String(pid)) return client;
      await client[Symbol.asyncDispose]();
    }
  }

  /** How many processes have said something. */
  count(text: string): number {
    return this.output.split(`${text} by `).length - 1;
  }

  /** The last report that `run` gave in the primary. */
  report(): unknown {
    const [, text = '{}'] = new RegExp(`after run: (.*) by ${this.process.pid}\n`).exec(this.output) ?? [];
    return JSON.parse(text);
  }

  /** Resolves when the children are those that this accepts. */
  async settled(accept: (workers: readonly ToldWorker[]) => boolean): Promise<readonly ToldWorker[]> {
    for (;;) {
      // Who asks a child that is about to die has no answer.
      const workers = await this.workers().catch(() => []);
      if (accept(workers)) return workers;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Whether a process runs; one that has ended may have an entry until its parent has looked. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
