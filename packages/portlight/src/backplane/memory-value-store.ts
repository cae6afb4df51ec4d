import { ServiceUnavailableError } from '../errors/http-error.ts';
import type { ValueStore } from './value-store.ts';

interface Entry {
  readonly value: string;
  readonly expiresAt: number;
}

/** About what an entry takes beside its texts, in bytes. */
const ENTRY_BYTES = 128;
/** How many entries are looked at with each that is added, so that what has expired goes without a timer. */
const SWEPT = 2;

/**
 * The values of one process. No timer: what has expired goes when it is asked for, or when others come. Nothing goes
 * before its time: where there is no room, nothing is added.
 */
export class MemoryValueStore implements ValueStore {
  readonly #values: Map<string, Entry> = new Map();
  readonly #claims: Map<string, Entry> = new Map();
  readonly #maxBytes: number;
  readonly #now: () => number;
  #bytes = 0;

  /**
   * @param maxBytes of all keys and values together, about
   * @param now a clock in ms that only goes on
   */
  constructor(maxBytes: number, now: () => number = () => performance.now()) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  get(key: string): string | undefined {
    return this.#find(this.#values, key)?.value;
  }

  set(key: string, value: string, ttlMs: number): void {
    this.#remove(this.#values, key);
    this.#add(this.#values, key, value, ttlMs);
  }

  delete(key: string): void {
    this.#remove(this.#values, key);
  }

  claim(key: string, ttlMs: number): boolean {
    if (this.#find(this.#claims, key) !== undefined) return false;
    this.#add(this.#claims, key, '', ttlMs);
    return true;
  }

  #find(entries: Map<string, Entry>, key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAt > this.#now()) return entry;
    this.#remove(entries, key);
    return undefined;
  }

  #add(entries: Map<string, Entry>, key: string, value: string, ttlMs: number): void {
    this.#sweep(SWEPT);
    const bytes = sizeOf(key, value);
    if (this.#bytes + bytes > this.#maxBytes) this.#sweep(Infinity);
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new ServiceUnavailableError('There is no room for another value.', { headers: { 'retry-after': '10' } });
    }
    this.#bytes += bytes;
    entries.set(key, { value, expiresAt: this.#now() + ttlMs });
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
