import { constants } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { preferredCodings } from '../fields/accept-encoding.ts';
import { Descriptor } from './descriptor.ts';
import type { FileBody } from './file-body.ts';
import { findOpenFile } from './find-open-file.ts';
import { findRoot, keptRoot } from './real-root.ts';

/** A file that is open and known to be one. */
export interface OpenFile {
  readonly descriptor: Descriptor;
  readonly path: string;
  readonly size: number;
  readonly modifiedAt: number;
  /** The coding of the precompressed variant that was taken. */
  readonly coding: string | undefined;
}

const EXTENSIONS: Readonly<Record<string, string>> = { br: '.br', gzip: '.gz' };
/** What the system says of a path that leads to no file that can be read. */
const NO_FILE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'EMLINK',
  'EISDIR',
  'ENXIO',
  'ENODEV',
  'EACCES',
  'EPERM',
  'ERR_INVALID_ARG_VALUE',
]);
/** What systems say of a path whose last name is a link, when no link is wanted there. */
const LINK: ReadonlySet<string> = new Set(['ELOOP', 'EMLINK']);
/** A pipe would keep who opens it waiting for a writer; where a link at the end leads is looked at before. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Where a file may lie. */
interface Limits {
  /** The folder, absolute; it may be a link. Without one, everywhere. */
  readonly root: string | undefined;
  readonly dotFiles: boolean;
  readonly symlinks: 'inside' | 'follow';
}

/**
 * Opens the file of a body, or the variant of it that the client prefers.
 *
 * @returns nothing when there is none, it is no file, or the path leads to where nothing is served; why is not told
 * @throws what has nothing to do with the path: a disk that fails, or no descriptor left
 */
export async function openFile(
  { path, options }: Pick<FileBody, 'path' | 'options'>,
  acceptEncoding: string | undefined,
): Promise<OpenFile | undefined> {
  const { root, dotFiles = false, symlinks = 'inside' } = options;
  const limits = { root: root === undefined ? undefined : resolve(root), dotFiles, symlinks };
  const asked = limits.root === undefined ? (path as string) : joinBelow(limits.root, path, dotFiles);
  const file = asked === undefined ? undefined : await openAt(asked, limits);
  if (file === undefined || options.precompressed !== true) return file;
  for (const coding of preferredCodings(acceptEncoding, ['br', 'gzip', 'identity'])) {
    const extension = EXTENSIONS[coding];
    if (extension === undefined) break;
    const variant = await openPlain(file.path + extension, limits).catch(toNothing);
    if (variant === undefined) continue;
    file.descriptor.close();
    return { ...variant, path: file.path, coding };
  }
  return file;
}

/** The path in a folder; `undefined` where it could lead elsewhere, or names what is not served. */
function joinBelow(root: string, path: string | readonly string[], dotFiles: boolean): string | undefined {
  // What ends in a slash names a folder.
  if (typeof path === 'string' && path.endsWith('/')) return undefined;
  const segments = typeof path === 'string' ? path.split('/').filter((segment) => segment !== '') : path;
  if (!segments.every((segment) => isServed(segment, dotFiles))) return undefined;
  return [root.endsWith(sep) ? root.slice(0, -sep.length) : root, ...segments].join(sep);
}

/** A segment is one name, on every system, and none that leads elsewhere. */
function isServed(segment: string, dotFiles: boolean): boolean {
  if (segment === '' || segment === '.' || segment === '..' || /[/\\\0]/.test(segment)) return false;
  return dotFiles || !segment.startsWith('.');
}

/** Opens a file, of which the path may be a link where that may be followed. */
async function openAt(path: string, limits: Limits): Promise<OpenFile | undefined> {
  try {
    return await openPlain(path, limits);
  } catch (error) {
    if (!LINK.has((error as NodeJS.ErrnoException).code ?? '')) return toNothing(error);
  }
  try {
    // What is not served is not opened either: to open a pipe or a device may have effects.
    const real = await realpath(path);
    return (await mayLieAt(real, limits)) ? await openPlain(real, limits) : undefined;
  } catch (error) {
    return toNothing(error);
  }
}

/** @throws what the system says, of a link at the end as well */
async function openPlain(path: string, limits: Limits): Promise<OpenFile | undefined> {
  const descriptor = await Descriptor.open(path, FLAGS);
  try {
    const stats = descriptor.stat();
    if (stats.isFile() && (await isServedFrom(descriptor, path, limits)))
      return { descriptor, path, size: stats.size, modifiedAt: stats.mtimeMs, coding: undefined };
  } catch (error) {
    descriptor.close();
    throw error;
  }
  descriptor.close();
  return undefined;
}

/** A folder on the way may be a link, or become one at any moment: what counts is where the open file lies. */
async function isServedFrom({ fd }: Descriptor, path: string, limits: Limits): Promise<boolean> {
  if (limits.root === undefined) return true;
  const lies = await findOpenFile(fd, path);
  return lies !== undefined && mayLieAt(lies, limits);
}

/** Whether a file may be sent from there; the path is without links, so that this is what a link leads to. */
async function mayLieAt(real: string, { root, dotFiles, symlinks }: Limits): Promise<boolean> {
  if (root === undefined) return true;
  const kept = keptRoot(root);
  const folder = kept !== undefined && isWithin(kept, real) ? kept : await findRoot(root);
  if (!isWithin(folder, real)) return symlinks === 'follow';
  return dotFiles || !real.slice(folder.length).includes(`${sep}.`);
}

function isWithin(folder: string, real: string): boolean {
  return real === folder || real.startsWith(folder + sep);
}

/** @throws what has nothing to do with the path */
function toNothing(error: unknown): undefined {
  if (!NO_FILE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  return undefined;
}
