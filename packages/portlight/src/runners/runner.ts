import type { Server } from 'node:net';
import type { ServerAddress } from '../config/address.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import type { Service } from '../lifecycle/service.ts';

/** One run of a server in one mode: what listens, and who answers. */
export interface Runner extends Service {
  /** The bound address, from when it listens. */
  readonly address: ServerAddress | undefined;
  readonly isListening: boolean;
  /** What listens; `undefined` before it does. */
  readonly server: Server | undefined;
  /** From now on TLS handshakes use other certificates. */
  renewCertificates(options: TlsOptions): void;
}
