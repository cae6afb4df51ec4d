import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll } from 'vitest';
import { openFilesUnder } from './open-files.ts';
import { TempFolder } from './temp-folder.ts';

/** Where the uploads of the tests of one file lie, apart from those of everybody else. */
export interface UploadFolders {
  /** What lies there, and what of it is open. */
  left(): Promise<{ readonly folders: readonly string[]; readonly open: readonly string[] }>;
}

/** Gives this process a folder of its own for temporary files, for as long as the tests of the file run. */
export function useUploadFolders(): UploadFolders {
  let folder: TempFolder;
  const before = process.env['TMPDIR'];
  beforeAll(async () => {
    folder = await TempFolder.create();
    process.env['TMPDIR'] = folder.path;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await folder[Symbol.asyncDispose]();
  });
  return { left: async () => ({ folders: await readdir(folder.path), open: await openFilesUnder(folder.path) }) };
}
