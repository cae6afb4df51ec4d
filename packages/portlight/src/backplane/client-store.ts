import type { Client } from '../server-view.ts';

type MaybePromise<T> = T | Promise<T>;

/** The process at this end of a store of clients. */
export interface ClientWatcher {
  /**
   * The process that owned these clients is gone without a word, and so they are connected no longer. Told to one
   * process that lives; its answer is the acknowledgement. Where it rejects, or its process ends before it resolves,
   * another one is told.
   */
  lost(clients: readonly Client[]): void | Promise<void>;
}

/**
 * What became of a wish to connect a client: the place is kept for this process until it decides, another call has it
 * and has not decided, the client is connected already, or there is no room for another.
 */
export type Reservation = 'reserved' | 'undecided' | 'connected' | 'full';

/**
 * The connected clients of an app. This is the end that one process has; others may share what is behind it.
 *
 * A client belongs to the process that connected it, its owner. Each removal gives a client to exactly one caller, so
 * that its end is told once.
 *
 * Calls of one end take effect in the order in which they are made, whether or not their answers are waited for. An
 * answer is a promise where it has to come from elsewhere, and rejects where that cannot be reached.
 */
export interface ClientStore {
  /** Called once, before anything else. */
  connect(watcher: ClientWatcher): void;
  /**
   * Counts requests of a client, if it is connected. Called with every request, so it waits for nothing and does not
   * fail: what is elsewhere hears of many at once, within a second.
   *
   * @param requests how many, the last one just before; by default one
   */
  noteRequest(id: string, requests?: number): void;
  has(id: string): MaybePromise<boolean>;
  get(id: string): MaybePromise<Client | undefined>;
  /** All, whoever owns them. */
  list(): MaybePromise<readonly Client[]>;
  count(): MaybePromise<number>;
  /**
   * Asks for the place of a client before its handlers are told, so that one process alone tells them. Who finds it
   * undecided asks again a little later. What is reserved takes room.
   *
   * @param ttlMs after which a reservation lapses that nobody decides, from 1; that of a process which is gone lapses
   *   no later
   */
  reserve(id: string, address: string, ttlMs: number): MaybePromise<Reservation>;
  /** Connects the client that is reserved. @returns `undefined` when the reservation has lapsed */
  commit(id: string): MaybePromise<Client | undefined>;
  /** Gives a reservation back; does nothing where there is none of this process. */
  abort(id: string): MaybePromise<void>;
  /** Whoever owns it. */
  remove(id: string): MaybePromise<Client | undefined>;
  /** Removes those from whom nothing came for so long, whoever owns them. */
  removeIdle(idleMs: number): MaybePromise<readonly Client[]>;
  /** Removes those of this process, and gives its reservations back. */
  removeOwn(): MaybePromise<readonly Client[]>;
}
