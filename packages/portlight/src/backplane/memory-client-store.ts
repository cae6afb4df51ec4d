import type { Client, ClientStore } from './client-store.ts';

interface Entry {
  readonly id: string;
  readonly address: string;
  readonly connectedAt: number;
  lastSeenAt: number;
  /** The same on a clock that nobody sets. */
  seenAt: number;
  requests: number;
}

/** The clients of one process, the longest silent first. */
export class MemoryClientStore implements ClientStore {
  readonly #entries: Map<string, Entry> = new Map();
  readonly #most: number;
  readonly #now: () => number;

  /**
   * @param most how many clients there may be
   * @param now a clock in ms that only goes on
   */
  constructor(most: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  isFull(): boolean {
    return this.#entries.size >= this.#most;
  }

  add(id: string, address: string): { readonly client: Client; readonly isNew: boolean } | undefined {
    const present = this.#entries.get(id);
    if (present !== undefined) return { client: toClient(present), isNew: false };
    if (this.isFull()) return undefined;
    const wallClock = Date.now();
    const entry: Entry = {
      id,
      address,
      connectedAt: wallClock,
      lastSeenAt: wallClock,
      seenAt: this.#now(),
      requests: 0,
    };
    this.#entries.set(id, entry);
    return { client: toClient(entry), isNew: true };
  }

  touch(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.lastSeenAt = Date.now();
    entry.seenAt = this.#now();
    entry.requests += 1;
    // Last in the order of the map.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return true;
  }

  remove(id: string): Client | undefined {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry && toClient(entry);
  }

  removeIdle(idleMs: number): readonly Client[] {
    const now = this.#now();
    const idle: Client[] = [];
    for (const entry of this.#entries.values()) {
      if (now - entry.seenAt < idleMs) break;
      this.#entries.delete(entry.id);
      idle.push(toClient(entry));
    }
    return idle;
  }

  removeAll(): readonly Client[] {
    const all = this.list();
    this.#entries.clear();
    return all;
  }

  get(id: string): Client | undefined {
    const entry = this.#entries.get(id);
    return entry && toClient(entry);
  }

  list(): readonly Client[] {
    return [...this.#entries.values()].map(toClient);
  }

  count(): number {
    return this.#entries.size;
  }
}

function toClient({ id, address, connectedAt, lastSeenAt, requests }: Entry): Client {
  return { id, address, connectedAt, lastSeenAt, requests };
}
