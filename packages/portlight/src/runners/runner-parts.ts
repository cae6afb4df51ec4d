import type { SharedState } from '../backplane/shared-state.ts';
import type { SharedStores } from '../backplane/shared-stores.ts';
import type { ClientRegistry } from '../clients/client-registry.ts';
import type { ParsedAddress } from '../config/address.ts';
import type { ServerConfig } from '../config/server-options.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import type { Hooks } from '../lifecycle/hooks.ts';
import type { StopReason } from '../lifecycle/stop-report.ts';
import type { LogHolder } from '../log.ts';
import type { EdgeOptions } from '../socket/edge.ts';
import type { Serving } from './serving.ts';

/** What a server lends to the runner of one start. */
export interface RunnerParts {
  /** Of the server, by the order in which the app makes them. */
  readonly id: number;
  readonly at: ParsedAddress;
  readonly config: ServerConfig;
  readonly hooks: Hooks;
  readonly shared: SharedState;
  readonly clients: ClientRegistry;
  readonly log: LogHolder;
  /** Says what an operator has asked for, at level info. */
  readonly announce: (sentence: string) => void;
  /**
   * Makes what answers requests; who answers none never asks for it.
   *
   * @throws {ConfigError} when what the app has registered cannot be served
   */
  serve(options?: EdgeOptions): Serving;
  /** @throws {ConfigError} when what the app has registered cannot be served */
  assertServable(): void;
  /** What is behind the backplanes of children. */
  stores(): SharedStores;
  /** Has the server stop. */
  stop(reason: StopReason, timeoutMs?: number): void;
  /** The certificates were renewed elsewhere. */
  certificatesRenewed(options: TlsOptions): void;
}
