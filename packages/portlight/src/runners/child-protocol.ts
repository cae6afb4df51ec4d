import type { ServerAddress } from '../config/address.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import type { StopReport } from '../lifecycle/stop-report.ts';

const SUPERVISOR = 'portlight server ';

/** The name of the supervisor whose children are those of a server. */
export function supervisorOf(serverId: number): string {
  return `${SUPERVISOR}${serverId}`;
}

/** Of which server the children of a supervisor are; `undefined` where they are of none. */
export function serverOf(supervisor: string): number | undefined {
  return supervisor.startsWith(SUPERVISOR) ? Number(supervisor.slice(SUPERVISOR.length)) : undefined;
}

/** What the processes of a server say to each other, beside what their backplanes say. */
export const MESSAGES = {
  /** Call of a child: what it has to know before it serves; the answer is a `Welcome`. */
  hello: 'server.hello',
  /** Call of a child: the answer is a list of `WorkerInfo`. */
  workers: 'server.workers',
  /** A child asks for the handle, and says how many connections it has. */
  askForPort: 'server.ask-for-port',
  /** The answer to that: the handle, and up to how many connections the child may keep it whatever the others have. */
  port: 'server.port',
  /** There is no handle any more. */
  portClosed: 'server.port-closed',
  /** The primary has a child give up the handle. */
  leavePort: 'server.leave-port',
  /** The primary asks a child that has no client whether it is busy; it answers `here` as soon as it can. */
  ask: 'server.ask',
  here: 'server.here',
  /** The primary has accepted a socket. */
  socket: 'server.socket',
  /**
   * A child says `[id, requests]`: the connection of that number has ended, and how many requests it has had in all.
   */
  free: 'server.free',
  /** The primary says how long clients may be silent between two requests, in ms; 0: they have one more. */
  keepAlive: 'server.keep-alive',
  /** A child says how many connections it has. */
  load: 'server.load',
  /** The primary says how many a child has on the average. */
  mean: 'server.mean',
  /** The primary is about to have all children drain; the data is the reason. */
  stopping: 'server.stopping',
  /** Code of the app in a child has asked for a stop, which has so many milliseconds. */
  shutdown: 'server.shutdown',
  /** Other certificates, in both directions. */
  certificates: 'server.certificates',
} as const;

/** What a child hears before it serves. */
export interface Welcome {
  /** Where all listen. */
  readonly address: ServerAddress;
  /** `'primary'`: sockets are handed over, and the child listens nowhere. */
  readonly accepts: 'child' | 'primary';
  /** Whether those that the primary hands over have their seats already. */
  readonly admits: boolean;
  /** In base64: with one set of keys for all, a client can resume its TLS session with any child. */
  readonly ticketKeys: string;
  /** Where they were renewed since the app gave them. */
  readonly certificates: EncodedCertificates | undefined;
}

/** What a child tells of its stop. */
export interface ChildReport extends StopReport {
  /** Whether there was an error that nothing caught while the whole app stopped. */
  readonly hasFailed: boolean;
}

/** Certificates as JSON can say them: bytes in base64. */
export type EncodedCertificates = Readonly<Record<string, unknown>>;

export function encodeCertificates(options: TlsOptions): EncodedCertificates {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, encode(value)]));
}

export function decodeCertificates(encoded: EncodedCertificates): TlsOptions {
  return Object.fromEntries(
    Object.entries(encoded).map(([name, value]) => [name, decode(value)]),
  ) as unknown as TlsOptions;
}

function encode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encode);
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  const { base64 } = (typeof value === 'object' && value !== null ? value : {}) as { readonly base64?: unknown };
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : value;
}
