import type { Logger } from './log.ts';

/** The server as a request sees it. What it has may be used without it. */
export interface ServerView {
  /** A number unique in the process. */
  readonly getId: () => number;
  /** Where it listens; before the start, where it will. */
  readonly getAddress: () => { readonly address: string; readonly port: number };
  readonly isConnected: () => boolean;
  /** Publishes to everyone who has joined a topic, as `HttpServer.publish`. */
  readonly publish: (topic: string, data: unknown, options?: PublishOptions) => Promise<PublishResult>;
  /** Who is in a topic, as `HttpServer.presence`. */
  readonly presence: (topic: string) => Promise<readonly Presence[]>;
  /** Who is connected. */
  readonly clients: Clients;
  /** Asks the server itself, without a port, as `HttpServer.fetch`. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Where the server logs by now. */
  readonly log: Logger;
}

/** What goes with a publication. */
export interface PublishOptions {
  /** What kind it is, for event streams; no line breaks, no NUL. WebSockets do not show it. */
  readonly event?: string;
  /**
   * The publisher's own name for it, 1 to 512 characters, which comes back as the `id` of the answer. What is published
   * to a topic again under the same name within five minutes is not sent again, and gets the answer of the first.
   */
  readonly id?: string;
  /** The id of a channel that does not get it. */
  readonly except?: string;
  /** Only channels of this member name get it. */
  readonly user?: string;
  /**
   * For how long a history gives it to who comes later, in ms, from 1: what is worth nothing then. It makes room in the
   * history when that is over for all messages.
   *
   * @default as long as the history keeps it
   */
  readonly ttlMs?: number;
}

/** What became of a publication. */
export interface PublishResult {
  /** The publisher's own, else the position in the history. */
  readonly id: string | undefined;
  /** How many channels it was handed to. */
  readonly subscribers: number;
}

/** A member of a topic, with all its channels. */
export interface Presence {
  readonly member: string;
  /** That of the latest join. */
  readonly info: unknown;
  readonly channels: number;
  /** When the first of them joined, in ms since the epoch. */
  readonly joinedAt: number;
}

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
 * The connected clients, for the app to ask. Where a backplane does not answer within a second, all reject with a
 * `ServiceUnavailableError`.
 */
export interface Clients {
  list(): Promise<readonly Client[]>;
  get(id: string): Promise<Client | undefined>;
  has(id: string): Promise<boolean>;
  count(): Promise<number>;
}
