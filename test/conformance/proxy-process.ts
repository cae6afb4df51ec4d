import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './find-free-port.ts';
import { findProgram } from './find-program.ts';
import { skipsWithout } from './skips-without.ts';

/** A proxy program: how it is set up before a server, how it is started, and what it says when it listens. */
export interface ProxyKind {
  readonly name: string;
  readonly program: string;
  /** The text of its configuration. */
  configure(folder: string, port: number, serverPort: number): string;
  arguments(folder: string, file: string): readonly string[];
  readonly listens: RegExp;
}

/** Whether the tests with a proxy are skipped because its program is missing. */
export function isSkipped({ name, program }: ProxyKind): boolean {
  return skipsWithout(findProgram(program), name, program);
}

/** A proxy on a free port of 127.0.0.1 before a server, until its block is left. */
export class ProxyProcess implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(process: ChildProcess, port: number, folder: string) {
    this.#process = process;
    this.port = port;
    this.#folder = folder;
  }

  static async start(kind: ProxyKind, serverPort: number): Promise<ProxyProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'portlight-proxy-'));
    const port = await findFreePort();
    const file = join(folder, 'proxy.conf');
    await writeFile(file, kind.configure(folder, port, serverPort));
    const child = spawn(findProgram(kind.program) ?? kind.program, kind.arguments(folder, file), {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const proxy = new ProxyProcess(child, port, folder);
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (kind.listens.test(said)) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${kind.name} ended with ${String(code)}: ${said}`)));
    });
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended =
      this.#process.exitCode === null && this.#process.signalCode === null ? once(this.#process, 'exit') : undefined;
    this.#process.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true });
  }
}
