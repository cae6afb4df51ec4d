import type { EventClient } from '../../../packages/portlight/test/support/event-client.ts';
import type { Clients } from './app.ts';
import type { Answer, Asking, Connection } from './connection.ts';
import type { Mode } from './modes.ts';
import type { Socket } from './socket.ts';

/** An app as its clients and its log show it: one server, or several that clients use in turn. */
export interface Served {
  readonly mode: Mode;
  /** Where one of them listens, in turn. */
  readonly port: number;
  /** How many processes serve, of all servers. */
  readonly serving: number;
  /** Asks on a connection of its own. */
  ask(path: string, asking?: Asking): Promise<Answer>;
  /** Connections, three at least, and one at least to each process that serves. */
  connections(): Promise<Clients<Connection>>;
  /** WebSockets, three at least, and one at least on each process that serves. */
  sockets(): Promise<Clients<Socket>>;
  /** An event stream of another server, or another process, than the process given, where there are several. */
  feed(path: string, headers?: Readonly<Record<string, string>>, elsewhereThan?: number): Promise<EventClient>;
  /** Resolves when a process has said it; rejects when a server ended without. */
  said(text: string | RegExp): Promise<unknown>;
  /** The lines on stdout that say it, when all is read that any process wrote before. */
  linesByNow(text: string | RegExp): Promise<readonly string[]>;
}

/** Promises that one app can keep side by side, by what they say. */
export type Promised = Readonly<Record<string, (app: Served) => Promise<void>>>;

/** Promises about the start and the stop of apps, or with options of their own. */
export type PromisedOfLife = Readonly<Record<string, (mode: Mode) => Promise<void>>>;
