import { Buffer, File } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

/** Bytes from `start` to before `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A file of a form that lies on disk until the response is done. Move it away to keep it. Reads like any `File`, and
 * holds nothing in memory until it is read.
 */
export class UploadedFile extends File {
  /** Where it lies. */
  readonly path: string;
  readonly #span: Span;

  constructor(path: string, span: Span, name: string, type: string) {
    super([], name, { type });
    this.path = path;
    this.#span = span;
    // A getter of the standard class, which counts bytes in memory.
    Object.defineProperty(this, 'size', { value: span.end - span.start });
  }

  override stream(): ReturnType<File['stream']> {
    return Readable.toWeb(this.#read());
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.#bytes();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  }

  override async text(): Promise<string> {
    return (await this.#bytes()).toString('utf8');
  }

  override slice(start = 0, end: number = this.size, type = ''): UploadedFile {
    const from = this.#span.start + clamp(start, this.size);
    const to = this.#span.start + clamp(end, this.size);
    return new UploadedFile(this.path, { start: from, end: Math.max(from, to) }, this.name, type);
  }

  async #bytes(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#read()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  #read(): Readable {
    const { start, end } = this.#span;
    return start === end ? Readable.from([]) : createReadStream(this.path, { start, end: end - 1 });
  }
}

/** A position as `Blob#slice` takes it: negative ones count from the end. */
function clamp(position: number, size: number): number {
  return position < 0 ? Math.max(0, size + position) : Math.min(position, size);
}
