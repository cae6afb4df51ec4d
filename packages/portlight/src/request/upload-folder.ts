import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * A temporary folder for the files of one request, made when the first one comes. Its names are ours, never the
 * client's.
 */
export class UploadFolder {
  #folder: Promise<string> | undefined;
  #count = 0;

  /**
   * Writes chunks that came before, and then what a stream gives, to a new file that only this user can read. Resolves
   * to its path.
   */
  async write(before: readonly Uint8Array[], rest: Readable): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'portlight-'));
    this.#count += 1;
    const name = String(this.#count);
    const path = join(await this.#folder, name);
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    await pipeline(async function* () {
      yield* before;
      yield* rest as AsyncIterable<Uint8Array>;
    }, file);
    return path;
  }

  /** Removes the folder and all in it. Never rejects: a file that is in the way of that is left to the system. */
  async remove(): Promise<void> {
    const folder = await this.#folder?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
