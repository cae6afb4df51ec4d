import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process that listens on a port. */
export interface Holder extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly port: number;
  /** Resolves to the signal that ended it, or its exit code. */
  readonly ended: Promise<NodeJS.Signals | number | null>;
}

/**
 * Starts a process that listens, runs a line of code before, and says its port. It is killed when the block is left.
 */
export async function spawnHolder(code = '', host = '127.0.0.1', port = 0): Promise<Holder> {
  const listen = `require('node:net').createServer().listen(${port}, ${JSON.stringify(host)}, function () { console.log(this.address().port); })`;
  const child = spawn(process.execPath, ['-e', `${code};${listen}`, 'portlight-test-holder'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(
    ([exitCode, signal]) => (signal ?? exitCode) as NodeJS.Signals | number | null,
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    process: child,
    pid: child.pid as number,
    port: Number(line.toString()),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
