import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Lane } from '../conformance/lanes.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/serve-anything.mjs', import.meta.url));

export interface Report {
  /** Uncaught errors, warnings, and what was logged as an error. */
  readonly problems: readonly string[];
  /** After a garbage collection. */
  readonly heapBytes: number;
}

/** A server in a process of its own, which ends with its block. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  static async start(lane: Lane): Promise<ServerProcess> {
    const child = fork(FIXTURE, [JSON.stringify(lane.options)], { execArgv: ['--expose-gc'] });
    const [{ port }] = (await answerOf(child)) as [{ port: number }];
    return new ServerProcess(child, port);
  }

  /** Resolves when the server has no connection any more. */
  async report(): Promise<Report> {
    this.#process.send('report');
    const [report] = (await answerOf(this.#process)) as [Report];
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#process.exitCode === null ? once(this.#process, 'exit') : undefined;
    this.#process.kill('SIGKILL');
    await ended;
  }
}

/** What it says next. @throws when it ends instead */
async function answerOf(child: ChildProcess): Promise<unknown[]> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The server ended with ${String(code)}.`);
  });
  ended.catch(() => {});
  return Promise.race([once(child, 'message'), ended]);
}
