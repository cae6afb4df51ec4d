import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A proxy program: how it is set up before a server, how it is started, and what it says when it listens. */
export interface ProxyKind {
  readonly name: string;
  readonly program: string;
  /** The text of its configuration. */
  configure(folder: string, port: number, serverPort: number): string;
  arguments(folder: string, file: string): readonly string[];
  readonly listens: RegExp;
}

/** Where the program is, or `undefined`; Debian keeps servers where the path of a user may not lead. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** Where its program is missing the tests with a proxy are skipped, but never in CI. */
export function isSkipped({ program }: ProxyKind): boolean {
  return process.env['CI'] === undefined && findProgram(program) === undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
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

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
