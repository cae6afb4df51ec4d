import type { ClientStore, ClientWatcher, Reservation } from './client-store.ts';
import type { Client } from '../server-view.ts';

interface Entry {
  readonly id: string;
  owner: string;
  readonly address: string;
  readonly connectedAt: number;
  lastSeenAt: number;
  /** The same on a clock that nobody sets. */
  seenAt: number;
  requests: number;
}

interface Place {
  readonly owner: string;
  readonly address: string;
  readonly lapse: NodeJS.Timeout;
}

/** Clients in the memory of one process, the longest silent first, for any number of ends. */
export class MemoryClientStore {
  readonly #entries: Map<string, Entry> = new Map();
  readonly #places: Map<string, Place> = new Map();
  readonly #watchers: Map<string, ClientWatcher> = new Map();
  readonly #most: number;
  readonly #now: () => number;
  /** Of whose end nobody that lives has been told yet. */
  #untold: Client[] = [];
  /** Who takes over the clients of an end when that is gone. */
  readonly #heirs: Map<string, string> = new Map();
  /** What was told, and to whose watcher, and is not acknowledged. */
  readonly #unacknowledged: Map<readonly Client[], string> = new Map();

  /**
   * @param most how many clients there may be
   * @param now a clock in ms that only goes on
   */
  constructor(most: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#now = now;
  }

  /** The end of one process. @param owner its name, which no other end has */
  end(owner: string): ClientStore {
    return {
      connect: (watcher) => this.#watch(owner, watcher),
      noteRequest: (id, requests = 1) => this.#note(id, requests),
      has: (id) => this.#entries.has(id),
      get: (id) => this.#find(id),
      list: () => [...this.#entries.values()].map(toClient),
      count: () => this.#entries.size,
      reserve: (id, address, ttlMs) => this.#reserve(owner, id, address, ttlMs),
      commit: (id) => this.#commit(owner, id),
      abort: (id) => void this.#takePlace(owner, id),
      remove: (id) => this.#remove(id),
      removeIdle: (idleMs) => this.#removeIdle(idleMs),
      removeOwn: () => this.#removeOf(owner),
    };
  }

  /** From when the process of an end is gone, its clients are those of another end, if that one is still there. */
  bequeath(owner: string, heir: string): void {
    this.#heirs.set(owner, heir);
  }

  /** The process of an end is gone without a word. Resolves when others have acknowledged its clients, if any live. */
  lose(owner: string): Promise<void> {
    this.#watchers.delete(owner);
    this.#passOn(owner);
    this.#untold.push(...this.#removeOf(owner));
    for (const [clients, told] of this.#unacknowledged) {
      if (told === owner && this.#unacknowledged.delete(clients)) this.#untold.push(...clients);
    }
    return this.#tellLost();
  }

  /** So many requests came of a client, the last one just before. */
  #note(id: string, requests: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.lastSeenAt = Date.now();
    entry.seenAt = this.#now();
    entry.requests += requests;
    // Last in the order of the map.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
  }

  #watch(owner: string, watcher: ClientWatcher): void {
    this.#watchers.set(owner, watcher);
    if (this.#untold.length > 0) void this.#tellLost();
  }

  /** Tells those that live one after the other, until one has acknowledged. Never rejects. */
  async #tellLost(): Promise<void> {
    const refused = new Set<ClientWatcher>();
    for (;;) {
      // The latest comer: the first may be the primary of the others, which has other work.
      const [owner, watcher] = [...this.#watchers].findLast((each) => !refused.has(each[1])) ?? [];
      const clients = this.#untold;
      if (owner === undefined || watcher === undefined || clients.length === 0) return;
      this.#untold = [];
      this.#unacknowledged.set(clients, owner);
      try {
        await watcher.lost(clients);
        this.#unacknowledged.delete(clients);
      } catch {
        refused.add(watcher);
        if (this.#unacknowledged.delete(clients)) this.#untold.push(...clients);
      }
    }
  }

  #find(id: string): Client | undefined {
    const entry = this.#entries.get(id);
    return entry && toClient(entry);
  }

  #reserve(owner: string, id: string, address: string, ttlMs: number): Reservation {
    if (this.#entries.has(id)) return 'connected';
    if (this.#places.has(id)) return 'undecided';
    if (this.#entries.size + this.#places.size >= this.#most) return 'full';
    const lapse = setTimeout(() => this.#takePlace(owner, id), ttlMs).unref();
    this.#places.set(id, { owner, address, lapse });
    return 'reserved';
  }

  /** Ends a reservation of this owner, whatever is made of it. */
  #takePlace(owner: string, id: string): Place | undefined {
    const place = this.#places.get(id);
    if (place?.owner !== owner) return undefined;
    this.#places.delete(id);
    clearTimeout(place.lapse);
    return place;
  }

  #commit(owner: string, id: string): Client | undefined {
    const place = this.#takePlace(owner, id);
    if (place === undefined) return undefined;
    const wallClock = Date.now();
    const { address } = place;
    const times = { connectedAt: wallClock, lastSeenAt: wallClock, seenAt: this.#now() };
    const entry: Entry = { id, owner, address, ...times, requests: 0 };
    this.#entries.set(id, entry);
    return toClient(entry);
  }

  #remove(id: string): Client | undefined {
    const client = this.#find(id);
    this.#entries.delete(id);
    return client;
  }

  #removeIdle(idleMs: number): readonly Client[] {
    const now = this.#now();
    const idle: Client[] = [];
    for (const entry of this.#entries.values()) {
      if (now - entry.seenAt < idleMs) break;
      this.#entries.delete(entry.id);
      idle.push(toClient(entry));
    }
    return idle;
  }

  #passOn(owner: string): void {
    const heir = this.#heirs.get(owner);
    this.#heirs.delete(owner);
    if (heir === undefined || !this.#watchers.has(heir)) return;
    for (const entry of this.#entries.values()) if (entry.owner === owner) entry.owner = heir;
  }

  #removeOf(owner: string): readonly Client[] {
    for (const [id, place] of this.#places) if (place.owner === owner) this.#takePlace(owner, id);
    const own = [...this.#entries.values()].filter((entry) => entry.owner === owner);
    for (const { id } of own) this.#entries.delete(id);
    return own.map(toClient);
  }
}

function toClient({ id, address, connectedAt, lastSeenAt, requests }: Entry): Client {
  return { id, address, connectedAt, lastSeenAt, requests };
}
