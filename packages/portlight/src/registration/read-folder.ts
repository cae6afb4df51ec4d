import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FilesOptions, parseFilesOptions } from '../config/files-options.ts';
import { writeCall } from '../config/write-call.ts';
import { ConfigError } from '../errors/config-error.ts';
import { showValue } from '../errors/show-value.ts';
import { createRateLimits } from '../guards/rate-limit.ts';

/** What begins a param, a wildcard, a group or an escape in a pattern. */
const NO_PREFIX = /[:*{}()[\]+?!\\]/;

/**
 * What `files` was given: a prefix, a folder that is there, and options.
 *
 * @returns the absolute path of the folder
 * @throws {ConfigError} on anything else
 */
export function readFolder(
  prefix: unknown,
  folder: unknown,
  options: unknown,
): { readonly prefix: string; readonly root: string; readonly options: FilesOptions } {
  if (typeof prefix !== 'string' || !prefix.startsWith('/') || NO_PREFIX.test(prefix))
    throw new ConfigError(
      `files needs a prefix such as '/assets', not ${showValue(prefix)}; write ${writeCall('files', '/assets', 'public')}.`,
    );
  const name = writeCall('files', prefix, folder);
  const path = folder instanceof URL && folder.protocol === 'file:' ? fileURLToPath(folder) : folder;
  if (typeof path !== 'string' || path === '')
    throw new ConfigError(`${name} needs the path of a folder, or its file: URL, not ${showValue(folder)}.`);
  const root = resolve(path);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new ConfigError(`${name} needs a folder that is there; there is none at ${root}.`);
  const parsed = parseFilesOptions(options === undefined ? {} : options, name);
  if (parsed.rateLimit !== undefined && parsed.rateLimit !== false) createRateLimits(parsed.rateLimit, name);
  const { fallback, dotfiles } = parsed;
  if (fallback !== undefined)
    assertFallback(join(root, fallback), dotfiles !== true && /(?:^|\/)\./.test(fallback), name);
  const isLong = prefix.length > 1 && prefix.endsWith('/');
  return { prefix: isLong ? prefix.slice(0, -1) : prefix, root, options: parsed };
}

function assertFallback(path: string, isHidden: boolean, name: string): void {
  if (!isHidden && statSync(path, { throwIfNoEntry: false })?.isFile() === true) return;
  throw new ConfigError(
    `The option fallback of ${name} must be a file that is served; ${isHidden ? 'hidden ones are not' : 'there is none'}: ${path}.`,
    'ERR_PORTLIGHT_INVALID_OPTION',
  );
}
