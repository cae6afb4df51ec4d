import { readdir, readlink } from 'node:fs/promises';

/** The files under a folder that this process has open, once for each descriptor. Asks /proc. */
export async function openFilesUnder(folder: string): Promise<readonly string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder)).map((target) => target.slice(folder.length + 1));
}
