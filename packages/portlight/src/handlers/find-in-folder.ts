import { namesMediaType } from '../fields/accept.ts';
import { NotFoundError } from '../errors/http-error.ts';
import { withoutStack } from '../errors/without-stack.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import { openFile, type OpenFile } from '../response/open-file.ts';
import type { FolderRoute } from './folder-route.ts';

/** What a folder has for a request. */
export type Found =
  | { readonly kind: 'file'; readonly file: OpenFile; readonly isFallback: boolean }
  /** The path is that of a folder, without the slash at its end. */
  | { readonly kind: 'folder' };

const found: WeakMap<HttpRequest, Found> = new WeakMap();

/**
 * Looks for what a folder has at a path. What is found is open, and waits for {@link takeFound}; if nobody takes it, it
 * is closed with the request.
 *
 * @param names behind the prefix, nothing escaped
 * @returns whether there is anything
 */
export async function findInFolder(
  folder: FolderRoute,
  request: HttpRequest,
  names: readonly string[],
): Promise<boolean> {
  const { index = 'index.html' } = folder.options;
  // A slash at the end names a folder.
  const isFolder = request.path.endsWith('/');
  const file = isFolder ? undefined : await tryToOpen(folder, names, request);
  if (file !== undefined) return keep(request, { kind: 'file', file, isFallback: false });
  const standing = index === false ? undefined : await tryToOpen(folder, [...names, index], request);
  if (standing === undefined) return false;
  if (isFolder) return keep(request, { kind: 'file', file: standing, isFallback: false });
  standing.descriptor.close();
  return keep(request, { kind: 'folder' });
}

/** The same, for the page of an app that routes by itself. */
export async function findFallback(folder: FolderRoute, request: HttpRequest): Promise<boolean> {
  const { fallback } = folder.options;
  if (fallback === undefined || !namesMediaType(request.header('accept'), 'text/html')) return false;
  const file = await tryToOpen(folder, fallback.split('/'), request);
  return file !== undefined && keep(request, { kind: 'file', file, isFallback: true });
}

/**
 * What was found for the request, which is the caller's from now on.
 *
 * @throws {NotFoundError} when it is closed, as the request was answered otherwise: this answer is for nobody
 */
export function takeFound(request: HttpRequest): Found {
  const taken = found.get(request);
  if (taken === undefined) throw withoutStack(() => new NotFoundError('There is nothing at this path.'));
  found.delete(request);
  return taken;
}

/** It was looked for only to know whether it is there. */
export function dropFound(request: HttpRequest): void {
  const dropped = found.get(request);
  found.delete(request);
  if (dropped?.kind === 'file') dropped.file.descriptor.close();
}

function keep(request: HttpRequest, what: Found): true {
  found.set(request, what);
  if (what.kind === 'file') controls.whenReleased(request, () => dropFound(request));
  return true;
}

function tryToOpen(
  { root, options }: FolderRoute,
  path: readonly string[],
  request: HttpRequest,
): Promise<OpenFile | undefined> {
  const { dotfiles: dotFiles, symlinks, precompressed } = options;
  return openFile({ path, options: { root, dotFiles, symlinks, precompressed } }, request.header('accept-encoding'));
}
