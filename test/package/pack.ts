import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runProgram } from './run-program.ts';

/** The folder of a package of this repository. */
export function folderOf(name: string): string {
  return fileURLToPath(new URL(`../../packages/${name}/`, import.meta.url));
}

/** A tarball, as `npm publish` would send it. */
export interface Packed {
  readonly tarball: string;
  /** What is in it, by the path in the package. */
  readonly files: readonly string[];
}

/** Packs what the build has made of a package, into the folder. */
export async function pack(folder: string, name: string = 'portlight'): Promise<Packed> {
  const output = await runProgram('npm', ['pack', '--json', '--pack-destination', folder], folderOf(name));
  const [packed] = JSON.parse(output) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Unpacks a tarball as a package manager does, but installs nothing that it asks for. */
export async function unpack(tarball: string, into: string): Promise<void> {
  await promisify(execFile)('tar', ['-xzf', tarball, '-C', into, '--strip-components=1']);
}
