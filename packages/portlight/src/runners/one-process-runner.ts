import type { Server } from 'node:net';
import type { ServerAddress } from '../config/address.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import { runHooks } from '../lifecycle/hooks.ts';
import type { StopOptions } from '../lifecycle/service.ts';
import type { StopReport } from '../lifecycle/stop-report.ts';
import type { RunnerParts } from './runner-parts.ts';
import { drain } from './drain.ts';
import type { Runner } from './runner.ts';
import type { Serving } from './serving.ts';

/** The modes of one process, which listens, and answers all that it accepts. */
export class OneProcessRunner implements Runner {
  readonly #parts: RunnerParts;
  readonly #serving: Serving;
  #bound: ServerAddress | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#serving = parts.serve();
  }

  get server(): Server | undefined {
    return this.#serving.edge.server;
  }

  get address(): ServerAddress | undefined {
    return this.#bound;
  }

  get isListening(): boolean {
    return this.#serving.edge.isListening;
  }

  /**
   * Resolves when it listens and the hooks are done.
   *
   * @throws {ListenError} when it cannot listen
   * @throws what a hook throws; then it does not listen any more
   * @throws the reason of the signal, and leaves the rest to `stop`
   */
  async start(signal: AbortSignal): Promise<void> {
    const { edge } = this.#serving;
    try {
      await this.#open(signal);
    } catch (error) {
      if (!signal.aborted) {
        edge.terminate();
        edge.close();
        await this.#parts.shared.close();
      }
      throw error;
    }
  }

  renewCertificates(options: TlsOptions): void {
    this.#serving.edge.renewCertificates(options);
  }

  async stop(options: StopOptions): Promise<StopReport> {
    const { hooks, clients, shared, log } = this.#parts;
    log.logger.info({ reason: options.reason }, 'Stopping.');
    const steps = [...hooks.workerStop, () => clients.close(), ...hooks.shutdown];
    const report = await drain(this.#serving, steps, options, log);
    await shared.close();
    log.logger.info(report, 'Stopped.');
    return report;
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { at, config, hooks, clients, shared } = this.#parts;
    const { edge, channels } = this.#serving;
    channels.start();
    await shared.open();
    signal.throwIfAborted();
    await runHooks(hooks.primary, signal);
    clients.watch(config.clientIdleMs);
    await runHooks(hooks.workerStart, signal);
    this.#bound = await edge.listen(at).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
    signal.throwIfAborted();
    await runHooks(hooks.start, signal);
  }
}
