import type { FilesOptions } from '../config/files-options.ts';
import type { Scope } from './scope.ts';

/** A registered folder of files. */
export interface FolderRoute {
  /** In front of the names of its files; `/` for all paths. */
  readonly prefix: string;
  /** Where it lies, absolute. */
  readonly root: string;
  readonly options: FilesOptions;
  readonly scope: Scope;
}

/** The pattern that its files have. */
export function patternOfFolder(prefix: string): string {
  return `${prefix === '/' ? '' : prefix}{/*path}`;
}
