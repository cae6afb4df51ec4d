import { close, fstatSync, open, read, type Stats } from 'node:fs';

/**
 * An open file by its number, for reading: what a `FileHandle` of Node is, without the objects of that, which are a
 * fifth of what its calls cost. Whoever has it closes it; nobody else does.
 */
export class Descriptor {
  readonly fd: number;
  #isReading = false;
  #isClosed = false;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** @throws what the system says */
  static open(path: string, flags: number): Promise<Descriptor> {
    return new Promise((resolve, reject) => {
      open(path, flags, (error, fd) => {
        if (error === null) resolve(new Descriptor(fd));
        else reject(error);
      });
    });
  }

  /** No wait: of a file that is open, the system has this in memory. */
  stat(): Stats {
    return fstatSync(this.fd);
  }

  /**
   * Fills the bytes from a place of the file, as far as it has so many.
   *
   * @returns how many there were; 0 behind the end
   * @throws what the disk says
   */
  read(bytes: Uint8Array, position: number): Promise<number> {
    // Its number may be that of another file already.
    if (this.#isClosed) return Promise.resolve(0);
    this.#isReading = true;
    return new Promise((resolve, reject) => {
      read(this.fd, bytes, 0, bytes.byteLength, position, (error, count) => {
        this.#isReading = false;
        if (this.#isClosed) this.#release();
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  /** Once, behind a read that is under way. That it fails concerns nobody: what was read is right. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isReading) this.#release();
  }

  #release(): void {
    close(this.fd, ignore);
  }
}

function ignore(): void {}
