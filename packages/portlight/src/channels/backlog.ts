import { DEFAULTS } from '../defaults.ts';
import { Publication } from '../hub/publication.ts';

/** What a publication takes in memory beside its payload, about. */
const PUBLICATION_BYTES = 512;

/**
 * What waits for a client that is sent more of the past than fits at once, in order: publications, which are encoded
 * only when it takes them and do not count as what it lags behind, and what was sent after them, which does.
 */
export class Backlog<Live extends object | string> {
  #items: (Live | Publication)[] = [];
  /** Which of them is the next. */
  #next = 0;
  #lateBytes = 0;
  #liveBytes = 0;
  readonly #sizeOf: (live: Live) => number;

  /** @param sizeOf how many bytes something takes that is live */
  constructor(sizeOf: (live: Live) => number) {
    this.#sizeOf = sizeOf;
  }

  get isEmpty(): boolean {
    return this.#next === this.#items.length;
  }

  /** Whether some of it has been missed. */
  get hasLate(): boolean {
    return this.#lateBytes > 0;
  }

  /** Of what is live. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  push(live: Live): void {
    this.#items.push(live);
    this.#liveBytes += this.#sizeOf(live);
  }

  /** @returns whether there was room: nobody gets more of the past at once than all histories may hold */
  pushLate(publication: Publication): boolean {
    const bytes = sizeOf(publication);
    if (this.#lateBytes > 0 && this.#lateBytes + bytes > DEFAULTS.maxHistoryBytes) return false;
    this.#items.push(publication);
    this.#lateBytes += bytes;
    return true;
  }

  /** The next of what waits, encoded. */
  shift(encode: (publication: Publication) => Live): Live | undefined {
    const item = this.#items[this.#next];
    if (item === undefined) return undefined;
    // What was taken goes, once that is half of the list: not one by one.
    if ((this.#next += 1) * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
    if (!(item instanceof Publication)) {
      this.#liveBytes -= this.#sizeOf(item);
      return item;
    }
    this.#lateBytes -= sizeOf(item);
    return encode(item);
  }

  clear(): void {
    this.#items = [];
    this.#next = 0;
    this.#lateBytes = 0;
    this.#liveBytes = 0;
  }
}

function sizeOf({ payload }: Publication): number {
  return PUBLICATION_BYTES + (typeof payload === 'string' ? payload.length : payload.byteLength);
}
