type MaybePromise<T> = T | Promise<T>;

/** Who is connected, in the sense of `/connect`: a client, which may have many connections or none. */
export interface Client {
  /** What tells it from others: its address, or what the option `identify` says. */
  readonly id: string;
  readonly address: string;
  /** In ms since the epoch. */
  readonly connectedAt: number;
  /** When its last request came, in ms since the epoch. */
  readonly lastSeenAt: number;
  /** How many requests came since it is connected. */
  readonly requests: number;
}

/**
 * The connected clients of an app, in one process or shared by several. Each removal gives a client to exactly one
 * caller, so that its end is told once.
 */
export interface ClientStore {
  /** Whether nobody is connected for sure; then a request has nobody to count for. */
  readonly isEmpty: boolean;
  /** Whether there is no room for another client. */
  isFull(): MaybePromise<boolean>;
  /** @returns the client, and whether it was not connected before; `undefined` when there is no room for another */
  add(id: string, address: string): MaybePromise<{ readonly client: Client; readonly isNew: boolean } | undefined>;
  /** Counts a request. @returns whether the client is connected */
  touch(id: string): MaybePromise<boolean>;
  remove(id: string): MaybePromise<Client | undefined>;
  /** Removes those from whom nothing came for so long. */
  removeIdle(idleMs: number): MaybePromise<readonly Client[]>;
  removeAll(): MaybePromise<readonly Client[]>;
  get(id: string): MaybePromise<Client | undefined>;
  list(): MaybePromise<readonly Client[]>;
  count(): MaybePromise<number>;
}
