import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { NotFoundError } from '../errors/http-error.ts';
import { preferredCodings } from '../fields/accept-encoding.ts';
import type { FileBody } from './file-body.ts';
import { findOpenFile } from './find-open-file.ts';

/** A file that is open and known to be one. */
export interface OpenFile {
  readonly handle: FileHandle;
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
  'EISDIR',
  'ENXIO',
  'ENODEV',
  'EACCES',
  'EPERM',
  'ERR_INVALID_ARG_VALUE',
]);
/** A pipe would keep who opens it waiting for a writer; a link must not appear after the path was looked at. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Where a file may lie. */
interface Limits {
  /** The folder, without links; without one, everywhere. */
  readonly folder: string | undefined;
  readonly dotFiles: boolean;
  readonly symlinks: 'inside' | 'follow';
}

/**
 * Opens the file of a body, or the variant of it that the client prefers.
 *
 * @throws {NotFoundError} when there is none, it is no file, or the path leads to where nothing is served; why is not
 *   told
 */
export async function openFile({ path, options }: FileBody, acceptEncoding: string | undefined): Promise<OpenFile> {
  const { root, dotFiles = false, symlinks = 'inside' } = options;
  const folder = root === undefined ? undefined : await orNotFound(realpath(resolve(root)));
  const limits = { folder, dotFiles, symlinks };
  const real = await locate(path, limits);
  const codings = options.precompressed === true ? preferredCodings(acceptEncoding, ['br', 'gzip', 'identity']) : [];
  for (const coding of codings) {
    const extension = EXTENSIONS[coding];
    if (extension === undefined) break;
    const variant = await tryToOpen(real + extension, real, coding, limits);
    if (variant !== undefined) return variant;
  }
  const file = await tryToOpen(real, real, undefined, limits);
  if (file === undefined) throw notFound();
  return file;
}

/** The path without links. @throws {NotFoundError} when nothing is served from there */
async function locate(path: string | readonly string[], limits: Limits): Promise<string> {
  if (limits.folder === undefined) return orNotFound(realpath(path as string));
  // What ends in a slash names a folder.
  if (typeof path === 'string' && path.endsWith('/')) throw notFound();
  const segments = typeof path === 'string' ? path.split('/').filter((segment) => segment !== '') : path;
  if (!segments.every((segment) => isServed(segment, limits.dotFiles))) throw notFound();
  const real = await orNotFound(realpath(join(limits.folder, ...segments)));
  if (!mayLieAt(real, limits)) throw notFound();
  return real;
}

/** Whether a file may be sent from there; the path is without links, so that this is what a link leads to. */
function mayLieAt(real: string, { folder, dotFiles, symlinks }: Limits): boolean {
  if (folder === undefined || real === folder) return true;
  const within = folder.endsWith(sep) ? folder : folder + sep;
  if (!real.startsWith(within)) return symlinks === 'follow';
  return (
    dotFiles ||
    !real
      .slice(within.length)
      .split(sep)
      .some((segment) => segment.startsWith('.'))
  );
}

/** A segment is one name, on every system, and none that leads elsewhere. */
function isServed(segment: string, dotFiles: boolean): boolean {
  if (segment === '' || segment === '.' || segment === '..' || /[/\\\0]/.test(segment)) return false;
  return dotFiles || !segment.startsWith('.');
}

async function tryToOpen(
  path: string,
  original: string,
  coding: string | undefined,
  limits: Limits,
): Promise<OpenFile | undefined> {
  const handle = await open(path, FLAGS).catch(toNothing);
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (stats.isFile() && (await isStillServed(handle, path, limits)))
      return { handle, path: original, size: stats.size, modifiedAt: stats.mtimeMs, coding };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** A folder on the way may have become a link after the path was looked at: what counts is where the open file lies. */
async function isStillServed(handle: FileHandle, path: string, limits: Limits): Promise<boolean> {
  if (limits.folder === undefined) return true;
  const lies = await findOpenFile(handle, path);
  return lies !== undefined && mayLieAt(lies, limits);
}

function orNotFound<Value>(promise: Promise<Value>): Promise<Value> {
  return promise.catch((error: unknown) => {
    toNothing(error);
    throw notFound(error);
  });
}

/** @throws what has nothing to do with the path: a disk that fails, or no descriptor left */
function toNothing(error: unknown): undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!NO_FILE.has(code)) throw error;
  return undefined;
}

function notFound(cause?: unknown): NotFoundError {
  return new NotFoundError('There is nothing at this path.', { cause });
}
