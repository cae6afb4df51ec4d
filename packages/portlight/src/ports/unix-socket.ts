import { lstat, stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { ListenError, PortInUseError, PortNotAllowedError } from '../errors/listen-error.ts';

/**
 * Clears the way for a unix socket: a file that a server left behind is removed, one that is answered is not.
 *
 * @throws {PortInUseError} when somebody listens on it
 * @throws {ListenError} when the file is no socket, or cannot be removed
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined);
  if (file === undefined) return;
  if (!file.isSocket())
    throw refuse(path, `there is a ${file.isDirectory() ? 'folder' : 'file'}, and it is no socket.`);
  if (await answers(path)) throw new PortInUseError(path, 0);
  await unlink(path).catch((cause: Error) => {
    throw refuse(path, `the socket that a server left there cannot be removed: ${cause.message}.`, cause);
  });
}

/**
 * Why nothing can listen on a file, after the system refused it: it says of a missing folder what it says of a
 * forbidden one.
 */
export async function explainUnixSocket(path: string, cause: NodeJS.ErrnoException): Promise<ListenError> {
  const folder = dirname(path);
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (found.code === 'ENOENT') return refuse(path, `the folder ${folder} does not exist.`, cause);
    if (found.code === 'ENOTDIR') return refuse(path, `a part of ${folder} is no folder.`, cause);
    if (found.code === 'EACCES') return new PortNotAllowedError(path, 0, cause);
    return refuse(path, `${found.message}.`, cause);
  }
  if (!found.isDirectory()) return refuse(path, `${folder} is no folder.`, cause);
  return cause.code === 'EACCES' ? new PortNotAllowedError(path, 0, cause) : refuse(path, `${cause.message}.`, cause);
}

function refuse(path: string, why: string, cause?: Error): ListenError {
  return new ListenError(`Cannot listen on the socket ${path}: ${why}`, path, 0, cause);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    // Only a refusal says for sure that nobody listens; a full queue, or a socket of another user, is alive.
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
  });
}
