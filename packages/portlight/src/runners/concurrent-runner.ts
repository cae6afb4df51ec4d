import type { Server } from 'node:net';
import type { SharedState } from '../backplane/shared-state.ts';
import type { ChannelRegistry } from '../channels/channel-registry.ts';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import type { ServerConfig } from '../config/server-options.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import { drain, type DrainOptions } from '../lifecycle/drain.ts';
import { type Hooks, runHooks } from '../lifecycle/hooks.ts';
import type { Service } from '../lifecycle/life.ts';
import type { StopReport } from '../lifecycle/stop-report.ts';
import type { LogHolder } from '../log.ts';
import type { Pipeline } from '../pipeline.ts';
import type { ServerView } from '../request/request-source.ts';
import { Edge } from '../socket/edge.ts';

/** The mode 'concurrent': one process, and in it every request as soon as it comes. */
export class ConcurrentRunner implements Service {
  readonly #edge: Edge;
  readonly #at: ParsedAddress;
  readonly #channels: ChannelRegistry;
  readonly #hooks: Hooks;
  readonly #shared: SharedState;
  readonly #log: LogHolder;
  #bound: ServerAddress | undefined;

  constructor(
    pipeline: Pipeline,
    channels: ChannelRegistry,
    config: ServerConfig,
    at: ParsedAddress,
    hooks: Hooks,
    shared: SharedState,
    view: ServerView,
    log: LogHolder,
  ) {
    this.#at = at;
    this.#channels = channels;
    this.#edge = new Edge(pipeline, config, view, log);
    this.#hooks = hooks;
    this.#shared = shared;
    this.#log = log;
  }

  get server(): Server | undefined {
    return this.#edge.server;
  }

  /** The bound address, from when it listens. */
  get address(): ServerAddress | undefined {
    return this.#bound;
  }

  get isListening(): boolean {
    return this.#edge.isListening;
  }

  /**
   * Resolves when it listens and the hooks are done.
   *
   * @throws {ListenError} when it cannot listen
   * @throws what a hook throws; then it does not listen any more
   * @throws the reason of the signal, and leaves the rest to `stop`
   */
  async start(signal: AbortSignal): Promise<void> {
    try {
      this.#channels.start();
      await this.#shared.open();
      signal.throwIfAborted();
      await runHooks(this.#hooks.primary, signal);
      await runHooks(this.#hooks.workerStart, signal);
      this.#bound = await this.#edge.listen(this.#at).catch((error: unknown) => {
        signal.throwIfAborted();
        throw error;
      });
      signal.throwIfAborted();
      await runHooks(this.#hooks.start, signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#edge.terminate();
        this.#edge.close();
        await this.#shared.close();
      }
      throw error;
    }
  }

  renewCertificates(options: TlsOptions): void {
    this.#edge.renewCertificates(options);
  }

  async stop(options: DrainOptions): Promise<StopReport> {
    this.#log.logger.info({ reason: options.reason }, 'Stopping.');
    const report = await drain(
      this.#edge,
      this.#channels,
      [...this.#hooks.workerStop, ...this.#hooks.shutdown],
      options,
      this.#log,
    );
    await this.#shared.close();
    this.#log.logger.info(report, 'Stopped.');
    return report;
  }
}
