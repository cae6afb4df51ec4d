import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Example, EXAMPLES_FOLDER } from './example.ts';

const PRELOAD = join(dirname(fileURLToPath(import.meta.url)), 'listen-on-a-free-port.js');

export interface RunResult {
  /** Of `GET /`; `undefined` when it does not listen, or not long enough to be asked. */
  readonly status: number | undefined;
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs a compiled example to its end. One that runs a server is asked once it listens, and then stopped by SIGTERM. */
export async function runExample({ path, source }: Example): Promise<RunResult> {
  const file = join(EXAMPLES_FOLDER, 'out', path.replace(/\.ts$/, '.js'));
  const child = spawn(process.execPath, ['--import', PRELOAD, file], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  try {
    const closed = once(child, 'close') as Promise<[code: number | null]>;
    const stderr = text(child.stderr as NonNullable<ChildProcess['stderr']>);
    const port = await Promise.race([portOf(child), closed.then(() => undefined)]);
    const status = port === undefined ? undefined : await ask(port);
    if (source.includes('server.run(')) child.kill('SIGTERM');
    const [code] = await closed;
    return { status, code, stderr: await stderr };
  } finally {
    child.kill('SIGKILL');
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  const [message] = (await once(child, 'message')) as [{ readonly port: number }];
  return message.port;
}

/** A program that stops by itself may be gone before it is asked. */
function ask(port: number): Promise<number | undefined> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    ({ status }) => status,
    () => undefined,
  );
}
