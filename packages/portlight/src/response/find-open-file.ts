import { type BigIntStats, fstatSync, readlinkSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';

/** What Linux puts behind the path of a file that was removed, or replaced by another, since it was opened. */
const REMOVED = ' (deleted)';
const MOST_TRIES = 3;

/**
 * Where an open file lies, without links; `undefined` when that cannot be known. Linux tells it of the descriptor,
 * which leaves no gap. Elsewhere the path is followed again, twice, and the answer counts when it leads to the very
 * file that is open both times: who swaps folders for links at the right moments can still deceive it.
 *
 * @param fd its descriptor
 * @param path by which it was opened
 */
export async function findOpenFile(fd: number, path: string): Promise<string | undefined> {
  return linkOf(fd) ?? (await followAgain(fd, path));
}

/** No wait: the kernel answers out of memory. */
function linkOf(fd: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const link = readlinkSync(`/proc/self/fd/${fd}`);
    return link.endsWith(REMOVED) ? link.slice(0, -REMOVED.length) : link;
  } catch {
    // There are systems without /proc.
    return undefined;
  }
}

/** Exported for its test: Linux seldom needs it. */
export async function followAgain(fd: number, path: string): Promise<string | undefined> {
  const file = fstatSync(fd, { bigint: true });
  // A file that is replaced by another at this moment, as a deployment does, is not yet one of elsewhere.
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const real = await follow(path, file);
    if (real !== undefined && real === (await follow(path, file))) return real;
  }
  return undefined;
}

/** Where the path leads, if that is the file. */
async function follow(path: string, file: BigIntStats): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    const there = await stat(real, { bigint: true });
    return there.ino === file.ino && there.dev === file.dev ? real : undefined;
  } catch {
    return undefined;
  }
}
