import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PROGRAM = ['redis-server', 'valkey-server'].find(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** Whether these tests can run here. Where CI is set they have to. */
export const HAS_REDIS: boolean = PROGRAM !== undefined || process.env['CI'] !== undefined;

if (!HAS_REDIS) process.stderr.write('\n!!! SKIPPED: all that needs Redis (redis-server or valkey-server).\n\n');

/** A Redis of its own on a free port, without anything on a disk; it ends with its block. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess;

  private constructor(port: number, folder: string, options: readonly string[], process: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
    this.#process = process;
  }

  static async start(...options: readonly string[]): Promise<RedisServer> {
    if (PROGRAM === undefined) throw new Error('Neither redis-server nor valkey-server is installed.');
    const folder = await mkdtemp(join(tmpdir(), 'portlight-redis-'));
    const port = await freePort();
    return new RedisServer(port, folder, options, await launch(port, folder, options));
  }

  /** One that has all that the other has, and takes no writes. */
  static async replicaOf({ port }: RedisServer): Promise<RedisServer> {
    const replica = await RedisServer.start('--replicaof', `127.0.0.1 ${port}`, '--repl-diskless-load', 'swapdb');
    while (!(await replica.ask('INFO replication')).includes('master_link_status:up')) await delay(20);
    return replica;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** It is gone without a word. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Starts it again on its port, with what it has saved: nothing, where nobody has told it to. */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = await launch(this.port, this.#folder, this.#options);
  }

  /** Stops the process where it stands. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Asks it by the protocol's inline form. @returns all that comes before the connection is closed */
  async ask(...commands: readonly string[]): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    socket.write([...commands, 'QUIT', ''].join('\r\n'));
    let answer = '';
    for await (const chunk of socket.setEncoding('latin1')) answer += chunk as string;
    return answer.replace(/\+OK\r\n$/, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function launch(port: number, folder: string, options: readonly string[]): Promise<ChildProcess> {
  const quiet = [
    '--save',
    '',
    '--appendonly',
    'no',
    '--enable-debug-command',
    'local',
    '--loglevel',
    'warning',
    '--repl-diskless-sync-delay',
    '0',
  ];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...quiet, ...options];
  const child = spawn(PROGRAM as string, args, { stdio: 'ignore' });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Redis has ended with ${child.exitCode}.`);
    if (await answers(port)) return child;
    await delay(10);
  }
}

/** Whether it answers; while it does not, it is asked again. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write('PING\r\n');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    return /^(\+PONG|-NOAUTH|-LOADING)/.test(chunk.toString());
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** One that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
