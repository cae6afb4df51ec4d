import type { Descriptor } from './descriptor.ts';

/** As much as one read takes: a small file is one chunk, and a large one costs few of them. */
const CHUNK_BYTES = 262_144;

const DONE: IteratorResult<Uint8Array> = { done: true, value: undefined };

/**
 * A part of an open file, chunk by chunk. It owns the descriptor, and closes it behind the last byte or when it is
 * given up, be it before the first.
 */
export class FileChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #file: Descriptor;
  readonly #end: number;
  #at: number;
  #isOver = false;

  /** @param end the first byte that is not part of it */
  constructor(file: Descriptor, start: number, end: number) {
    this.#file = file;
    this.#at = start;
    this.#end = end;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws what the disk says; a file that has become shorter ends early */
  async next(): Promise<IteratorResult<Uint8Array>> {
    const size = Math.min(CHUNK_BYTES, this.#end - this.#at);
    if (size <= 0 || this.#isOver) return this.return();
    try {
      const bytes = Buffer.allocUnsafe(size);
      const count = await this.#file.read(bytes, this.#at);
      this.#at += count;
      if (count === 0) return await this.return();
      if (this.#at >= this.#end) this.#close();
      return { done: false, value: count === size ? bytes : bytes.subarray(0, count) };
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#close();
    return Promise.resolve(DONE);
  }

  #close(): void {
    this.#isOver = true;
    this.#file.close();
  }
}
