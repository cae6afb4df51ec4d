import type { Primary } from '@portlight/prefork';
import type { Server } from 'node:net';
import { MemoryAdmission } from '../backplane/memory-admission.ts';
import { notNow } from '../backplane/not-now.ts';
import type { ServerAddress } from '../config/address.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { runStopHooks } from '../lifecycle/hooks.ts';
import type { StopOptions } from '../lifecycle/service.ts';
import type { StopReport } from '../lifecycle/stop-report.ts';
import { Listener } from '../ports/listener.ts';
import { decodeCertificates, encodeCertificates, MESSAGES, type Welcome } from './child-protocol.ts';
import { drain } from './drain.ts';
import { HandedSockets } from './handed-sockets.ts';
import { HookCourse } from './hook-course.ts';
import type { RunnerParts } from './runner-parts.ts';
import type { Runner } from './runner.ts';
import type { Serving } from './serving.ts';
import { SharedListening } from './shared-listening.ts';
import type { WorkerInfo } from './worker-info.ts';

/** A child process of a server: it answers what it accepts on the port that its primary is bound to. */
export class WorkerRunner implements Runner {
  readonly #parts: RunnerParts;
  readonly #primary: Primary;
  #serving: Serving | undefined;
  #listening: SharedListening | undefined;
  #address: ServerAddress | undefined;
  #hasStarted = false;
  #isStopping = false;
  readonly #course: HookCourse = new HookCourse('the primary');

  constructor(parts: RunnerParts, primary: Primary) {
    this.#parts = parts;
    this.#primary = primary;
  }

  get server(): Server | undefined {
    return this.#serving?.edge.server;
  }

  get address(): ServerAddress | undefined {
    return this.#address;
  }

  /** Whether the port is open, whichever child accepts there at the moment. */
  get isListening(): boolean {
    return this.#hasStarted && !this.#isStopping;
  }

  get awaits(): string {
    return this.#course.awaits;
  }

  /**
   * Resolves when it serves. Where it fails, the process is about to end, and with it all that it has opened.
   *
   * @throws what a hook throws; the reason of the signal
   */
  async start(signal: AbortSignal): Promise<void> {
    const { shared, hooks, clients, config } = this.#parts;
    const welcome = (await this.#primary.link.call(MESSAGES.hello)).data as Welcome;
    signal.throwIfAborted();
    const serving = this.#serve(welcome);
    serving.channels.start();
    this.#course.awaits = 'the backplane';
    await shared.open(config.bootTimeoutMs);
    signal.throwIfAborted();
    this.#course.endings = hooks.workerStop;
    clients.watch(config.clientIdleMs);
    await this.#course.run('onWorkerStart', hooks.workerStart, signal);
    this.#course.awaits = 'the port';
    serving.edge.open();
    await this.#listening?.open();
    signal.throwIfAborted();
    this.#hasStarted = true;
    this.#primary.ready();
  }

  renewCertificates(options: TlsOptions): void {
    this.#serving?.edge.renewCertificates(options);
    this.#primary.link.tell(MESSAGES.certificates, encodeCertificates(options));
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    try {
      return (await this.#primary.link.call(MESSAGES.workers)).data as readonly WorkerInfo[];
    } catch (cause) {
      throw notNow('The other processes of the server cannot be asked now.', cause);
    }
  }

  reload(): void {}

  kill(): void {}

  async stop(options: StopOptions): Promise<StopReport> {
    const { shared, log } = this.#parts;
    log.logger.info({ reason: options.reason }, 'Stopping.');
    this.#course.endWithin(options.timeoutMs + DEFAULTS.shutdownHookMs);
    const report = await this.#drain(options);
    if (!this.#isCutOff(options)) await shared.close(this.#course.leftMs);
    log.logger.info(report, 'Stopped.');
    return report;
  }

  #serve({ address, accepts, admits, ticketKeys, certificates }: Welcome): Serving {
    const { config } = this.#parts;
    this.#address = address;
    const listener = accepts === 'child' ? new Listener() : null;
    const handed = new HandedSockets(this.#primary);
    const serving = this.#parts.serve({
      listener,
      ticketKeys: Buffer.from(ticketKeys, 'base64'),
      ...(listener === null ? { onEnd: handed.ended } : {}),
      ...(admits ? { admission: new MemoryAdmission(Infinity, Infinity) } : {}),
    });
    const { edge } = serving;
    this.#serving = serving;
    if (certificates !== undefined) this.#hearCertificates(decodeCertificates(certificates));
    this.#primary.link.on(MESSAGES.certificates, (data) =>
      this.#hearCertificates(decodeCertificates(data as Readonly<Record<string, unknown>>)),
    );
    this.#primary.report(() => ({ connections: edge.connectionCount, requests: edge.requestCount }));
    if (listener === null) handed.feed(edge);
    else this.#listening = new SharedListening(this.#primary, listener, config.backlog, () => edge.socketCount);
    return serving;
  }

  #hearCertificates(options: TlsOptions): void {
    this.#parts.certificatesRenewed(options);
    this.#serving?.edge.renewCertificates(options);
  }

  /** Whether all that is shared is gone with the primary. */
  #isCutOff({ reason }: StopOptions): boolean {
    return reason === 'primary-lost' && !this.#parts.shared.isGiven;
  }

  async #drain(options: StopOptions): Promise<StopReport> {
    const { clients, log } = this.#parts;
    const closeClients = (): Promise<void> => clients.close(this.#course.leftMs / 2);
    // Where the others go on, one of them is told of the clients that this one has connected.
    const isClosing = options.appGoesOn !== true && !this.#isCutOff(options);
    const endings = this.#course.takeEndings();
    const hooks = isClosing ? [...endings, closeClients] : endings;
    const onClosing = (): void => void (this.#isStopping = true);
    if (this.#serving !== undefined) return drain(this.#serving, hooks, options, log, onClosing);
    const forced = await runStopHooks(hooks, Math.max(options.timeoutMs, DEFAULTS.shutdownHookMs), log);
    return { reason: options.reason, drained: 0, forced, durationMs: 0 };
  }
}
