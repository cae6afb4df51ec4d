import type { Worker } from '@portlight/prefork';
import type { Server } from 'node:net';
import type { ServerAddress } from '../config/address.ts';
import type { Welcome } from './child-protocol.ts';

/** The port of a server with children, in its primary. */
export interface PortDesk extends Pick<Welcome, 'accepts' | 'admits'> {
  /** From when it is open. */
  readonly address: ServerAddress | undefined;
  /** What accepts in this process. */
  readonly server: Server | undefined;
  /** @throws {ListenError} */
  open(): Promise<void>;
  /** Sees to what a child says; to be called before it can have said anything. */
  serve(worker: Worker): void;
  /** A child can take connections. */
  ready(worker: Worker): void;
  /** A child takes no new ones. */
  leave(worker: Worker): void;
  /** How many a child has, where this process knows before the child tells it. */
  connections?(worker: Worker): number;
  /** Children that listen are to stop by themselves. @returns how many connections it answers itself */
  close(): number;
}
