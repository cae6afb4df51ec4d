import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { ListenError, PortInUseError } from '../errors/listen-error.ts';

/**
 * Clears the way for a unix socket: a file that a server left behind is removed, one that is answered is not.
 *
 * @throws {PortInUseError} when somebody listens on it
 * @throws {ListenError} when the file is no socket
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined);
  if (file === undefined) return;
  if (!file.isSocket()) throw new ListenError(`Cannot listen on ${path}: there is a file, and it is no socket.`, path, 0);
  if (await answers(path)) throw new PortInUseError(path, 0);
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    // Only a refusal says for sure that nobody listens; a full queue, or a socket of another user, is alive.
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
  });
}
