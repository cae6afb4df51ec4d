import { noRoom } from './no-room.ts';
import type { ValueStore } from './value-store.ts';

interface Entry {
  readonly value: string;
  readonly expiresAt: number;
}

/** About what an entry takes beside its texts, in bytes. */
const ENTRY_BYTES = 128;
/** How many entries are looked at with each that is added, so that what has expired goes without a timer. */
const SWEPT = 2;
/** Between two looks at all entries, which take their time. */
const SWEEP_MS = 1_000;

/**
 * The values of one process. No timer: what has expired goes when it is asked for, or when others come. Nothing goes
 * before its time: where there is no room, nothing is added, and what was there stays.
 */
export class MemoryValueStore implements ValueStore {
  readonly #values: Map<string, Entry> = new Map();
  readonly #claims: Map<string, Entry> = new Map();
  readonly #maxBytes: number;
  readonly #now: () => number;
  #bytes = 0;
  #sweptAt = -Infinity;

  /**
   * @param maxBytes of all keys and values together, about
   * @param now a clock in ms that only goes on
   */
  constructor(maxBytes: number, now: () => number = () => performance.now()) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  get(key: string): string | undefined {
    assertText('key', key);
    return this.#find(this.#values, key)?.value;
  }

  set(key: string, value: string, ttlMs: number): void {
    assertText('value', value);
    this.#keep(this.#values, key, value, ttlMs);
  }

  delete(key: string): void {
    assertText('key', key);
    this.#remove(this.#values, key);
  }

  claim(key: string, ttlMs: number): boolean {
    assertTime(ttlMs);
    if (this.#find(this.#claims, key) !== undefined) return false;
    this.#keep(this.#claims, key, '', ttlMs);
    return true;
  }

  #find(entries: Map<string, Entry>, key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAt > this.#now()) return entry;
    this.#remove(entries, key);
    return undefined;
  }

  #keep(entries: Map<string, Entry>, key: string, value: string, ttlMs: number): void {
    assertText('key', key);
    assertTime(ttlMs);
    this.#sweep(SWEPT);
    const earlier = this.#find(entries, key);
    const bytes = sizeOf(key, value) - (earlier === undefined ? 0 : sizeOf(key, earlier.value));
    this.#makeRoom(bytes);
    // Last in the order of the map.
    this.#remove(entries, key);
    this.#bytes += sizeOf(key, value);
    entries.set(key, { value, expiresAt: this.#now() + ttlMs });
  }

  /** @throws {ServiceUnavailableError} where there is none */
  #makeRoom(bytes: number): void {
    if (this.#bytes + bytes <= this.#maxBytes) return;
    if (this.#now() - this.#sweptAt >= SWEEP_MS) {
      this.#sweptAt = this.#now();
      this.#sweep(Infinity);
    }
    if (this.#bytes + bytes <= this.#maxBytes) return;
    throw noRoom();
  }

  #remove(entries: Map<string, Entry>, key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    this.#bytes -= sizeOf(key, entry.value);
  }

  /** Removes what has expired among the oldest entries; those that have not go to the end of the line. */
  #sweep(most: number): void {
    const now = this.#now();
    for (const entries of [this.#values, this.#claims]) {
      let left = Math.min(most, entries.size);
      for (const [key, entry] of entries) {
        if (left-- <= 0) break;
        if (entry.expiresAt <= now) this.#remove(entries, key);
        else {
          entries.delete(key);
          entries.set(key, entry);
        }
      }
    }
  }
}

function sizeOf(key: string, value: string): number {
  return ENTRY_BYTES + 2 * (key.length + value.length);
}

/** @throws {TypeError} */
function assertText(what: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`The ${what} has to be a string, not ${typeof value}.`);
}

/** @throws {RangeError} */
function assertTime(ttlMs: unknown): void {
  if (typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 1) return;
  throw new RangeError(`The time of a value is a whole number of milliseconds from 1, not ${String(ttlMs)}.`);
}
