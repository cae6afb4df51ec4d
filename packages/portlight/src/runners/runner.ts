import type { Server } from 'node:net';
import type { ServerAddress } from '../config/address.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import type { Service } from '../lifecycle/service.ts';
import type { WorkerInfo } from './worker-info.ts';

/** One run of a server in one mode: what listens, and who answers. */
export interface Runner extends Service {
  /** The bound address, from when it listens. */
  readonly address: ServerAddress | undefined;
  readonly isListening: boolean;
  /** What listens in this process; `undefined` before it does, and where child processes do. */
  readonly server: Server | undefined;
  /** From now on TLS handshakes use other certificates, in all processes. */
  renewCertificates(options: TlsOptions): void;
  /** The processes that serve. */
  workers(): Promise<readonly WorkerInfo[]>;
  /** Has new child processes take the place of those that there are, which run the app as it is then. */
  reload(): void;
  /** Ends at once what else belongs to it, as this process is about to end. */
  kill(): void;
}
