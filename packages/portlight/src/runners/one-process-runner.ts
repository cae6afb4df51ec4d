import type { Server } from 'node:net';
import type { ServerAddress } from '../config/address.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { runStopHooks } from '../lifecycle/hooks.ts';
import type { StopOptions } from '../lifecycle/service.ts';
import type { StopReport } from '../lifecycle/stop-report.ts';
import type { RunnerParts } from './runner-parts.ts';
import { drain } from './drain.ts';
import { HookCourse } from './hook-course.ts';
import type { Runner } from './runner.ts';
import type { Serving } from './serving.ts';
import type { WorkerInfo } from './worker-info.ts';

/** The modes of one process, which listens, and answers all that it accepts. */
export class OneProcessRunner implements Runner {
  readonly #parts: RunnerParts;
  readonly #serving: Serving;
  readonly #startedAt: number = Date.now();
  #state: WorkerInfo['state'] = 'starting';
  #bound: ServerAddress | undefined;
  readonly #course: HookCourse = new HookCourse('the backplane');

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

  get awaits(): string {
    return this.#course.awaits;
  }

  /**
   * Resolves when it listens and the hooks are done.
   *
   * @throws {ListenError} when it cannot listen
   * @throws what a hook throws. Then it does not listen any more, and what the hooks have opened is closed by those of
   *   the stop, within the time of a drain
   * @throws the reason of the signal, and leaves the rest to `stop`
   */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#open(signal);
    } catch (error) {
      if (!signal.aborted) await this.#takeBack();
      throw error;
    }
  }

  renewCertificates(options: TlsOptions): void {
    this.#serving.edge.renewCertificates(options);
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    const { edge } = this.#serving;
    return [
      {
        id: 1,
        pid: process.pid,
        state: this.#state,
        connections: edge.connectionCount,
        requests: edge.requestCount,
        memoryBytes: process.memoryUsage.rss(),
        lagMs: await measureLag(),
        restarts: 0,
        startedAt: this.#startedAt,
      },
    ];
  }

  reload(): void {}

  kill(): void {}

  async stop(options: StopOptions): Promise<StopReport> {
    const { shared, log } = this.#parts;
    this.#state = 'draining';
    log.logger.info({ reason: options.reason }, 'Stopping.');
    this.#course.endWithin(options.timeoutMs + DEFAULTS.shutdownHookMs);
    const report = await drain(this.#serving, this.#course.takeEndings(), options, log);
    await shared.close(this.#course.leftMs);
    log.logger.info(report, 'Stopped.');
    return report;
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { at, config, hooks, clients, shared } = this.#parts;
    const { edge, channels } = this.#serving;
    channels.start();
    await shared.open(config.bootTimeoutMs);
    signal.throwIfAborted();
    this.#course.endings = hooks.shutdown;
    await this.#course.run('onPrimary', hooks.primary, signal);
    // A backplane that does not answer leaves the hooks behind it their half.
    this.#course.endings = [...hooks.workerStop, () => clients.close(this.#course.leftMs / 2), ...hooks.shutdown];
    clients.watch(config.clientIdleMs);
    await this.#course.run('onWorkerStart', hooks.workerStart, signal);
    this.#course.awaits = 'the port';
    this.#bound = await edge.listen(at).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
    signal.throwIfAborted();
    await this.#course.run('onStart', hooks.start, signal);
    this.#state = 'ready';
  }

  /** The start has failed: nothing of it is left. */
  async #takeBack(): Promise<void> {
    const { config, shared, log } = this.#parts;
    const { edge, channels } = this.#serving;
    this.#course.awaits = 'a hook of onWorkerStop or onShutdown';
    channels.stop();
    edge.terminate();
    edge.close();
    const limitMs = Math.max(config.drainTimeoutMs, DEFAULTS.shutdownHookMs);
    this.#course.endWithin(limitMs);
    await runStopHooks(this.#course.takeEndings(), limitMs, log);
    await shared.close(this.#course.leftMs);
  }
}

/** By how much a timer is late, in whole milliseconds. */
function measureLag(): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    setTimeout(() => resolve(Math.max(0, Math.round(performance.now() - startedAt - 1))), 1);
  });
}
