import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { NotFoundError } from '../errors/http-error.ts';
import { preferredCodings } from '../fields/accept-encoding.ts';
import type { FileBody } from './file-body.ts';

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
const NO_FILE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EISDIR', 'ENXIO', 'ENODEV', 'EACCES', 'EPERM', 'ERR_INVALID_ARG_VALUE']);
/** A pipe would keep who opens it waiting for a writer; a link must not appear after the path was looked at. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Opens the file of a body, or the variant of it that the client prefers.
 *
 * @throws {NotFoundError} when there is none, it is no file, or the path leads to where nothing is served; why is not told
 */
export async function openFile({ path, options }: FileBody, acceptEncoding: string | undefined): Promise<OpenFile> {
  const real = await locate(path, options.root, options.dotFiles ?? false, options.symlinks ?? 'inside');
  const codings = options.precompressed === true ? preferredCodings(acceptEncoding, ['br', 'gzip', 'identity']) : [];
  for (const coding of codings) {
    const extension = EXTENSIONS[coding];
    if (extension === undefined) break;
    const variant = await tryToOpen(real + extension, real, coding);
    if (variant !== undefined) return variant;
  }
  const file = await tryToOpen(real, real, undefined);
  if (file === undefined) throw notFound();
  return file;
}

async function locate(path: string | readonly string[], root: string | undefined, dotFiles: boolean, symlinks: 'inside' | 'follow'): Promise<string> {
  if (root === undefined) return orNotFound(realpath(path as string));
  const segments = typeof path === 'string' ? path.split('/').filter((segment) => segment !== '') : path;
  if (!segments.every((segment) => isServed(segment, dotFiles))) throw notFound();
  const folder = await orNotFound(realpath(resolve(root)));
  const real = await orNotFound(realpath(join(folder, ...segments)));
  if (symlinks === 'inside' && real !== folder && !real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) throw notFound();
  return real;
}

/** A segment is one name, on every system, and none that leads elsewhere. */
function isServed(segment: string, dotFiles: boolean): boolean {
  if (segment === '' || segment === '.' || segment === '..' || /[/\\\0]/.test(segment)) return false;
  return dotFiles || !segment.startsWith('.');
}

async function tryToOpen(path: string, original: string, coding: string | undefined): Promise<OpenFile | undefined> {
  const handle = await open(path, FLAGS).catch(toNothing);
  if (handle === undefined) return undefined;
  const stats = await handle.stat();
  if (!stats.isFile()) {
    await handle.close();
    return undefined;
  }
  return { handle, path: original, size: stats.size, modifiedAt: stats.mtimeMs, coding };
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
