import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Example, EXAMPLES_FOLDER } from './example.ts';

/** What a program imports first that shall listen on a free port, and tell which by a message. */
export const PRELOAD: string = join(dirname(fileURLToPath(import.meta.url)), 'listen-on-a-free-port.js');

/** What examples read of their environment. */
const ENVIRONMENT = {
  BRIDGE_SECRET: 'a secret of bridges, for examples',
  OLD_SECRET: 'an old secret of bridges, for examples',
  UPLOADS: join(EXAMPLES_FOLDER, 'uploads'),
};

export interface RunResult {
  /** Of `GET /`; `undefined` when it ends by itself, and its port may be another one's by then. */
  readonly status: number | undefined;
  readonly code: number | null;
  readonly stderr: string;
}

/**
 * Runs a compiled example to its end. One that runs a server until a signal is asked once it listens, and then stopped
 * by SIGTERM.
 *
 * @param environment what it reads beside
 */
export async function runExample({ path, source }: Example, environment: NodeJS.ProcessEnv = {}): Promise<RunResult> {
  const file = join(EXAMPLES_FOLDER, 'out', path.replace(/\.ts$/, '.js'));
  const child = spawn(process.execPath, ['--import', PRELOAD, file], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...ENVIRONMENT, ...environment },
  });
  try {
    const closed = once(child, 'close') as Promise<[code: number | null]>;
    const stderr = text(child.stderr as NonNullable<ChildProcess['stderr']>);
    const runs = source.includes('server.run(');
    const port = runs ? await Promise.race([portOf(child), closed.then(() => undefined)]) : undefined;
    const status = port === undefined ? undefined : await ask(port);
    if (runs) child.kill('SIGTERM');
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

/** A program may be gone before it is asked. */
function ask(port: number): Promise<number | undefined> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    ({ status }) => status,
    () => undefined,
  );
}
