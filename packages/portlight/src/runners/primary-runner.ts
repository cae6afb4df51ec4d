import { Link, type StoppedWorker, Supervisor, type Worker, type WorkerExit } from '@portlight/prefork';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerAddress } from '../config/address.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { runStopHooks } from '../lifecycle/hooks.ts';
import type { StopOptions } from '../lifecycle/service.ts';
import type { StopReport } from '../lifecycle/stop-report.ts';
import { SharedPort } from '../ports/shared-port.ts';
import { PrimaryDesk } from '../primary/primary-desk.ts';
import { SeatDesk } from '../primary/seat-desk.ts';
import {
  type ChildReport,
  decodeCertificates,
  type EncodedCertificates,
  encodeCertificates,
  MESSAGES,
  SUPERVISOR_NAME,
  type Welcome,
} from './child-protocol.ts';
import { ForkedPortDesk } from './forked-port-desk.ts';
import { HandingPortDesk } from './handing-port-desk.ts';
import { HookCourse } from './hook-course.ts';
import type { PortDesk } from './port-desk.ts';
import { poolOfForked, poolOfWorkers } from './pool-shape.ts';
import { Recycling } from './recycling.ts';
import type { RunnerParts } from './runner-parts.ts';
import type { Runner } from './runner.ts';
import { SharedPortDesk } from './shared-port-desk.ts';
import { toStartError } from './to-start-error.ts';
import type { WorkerInfo } from './worker-info.ts';

/** Of keys for TLS tickets. */
const TICKET_KEY_BYTES = 48;

/** The process that has children serve: it is bound to the port, answers their backplanes, and answers no request. */
export class PrimaryRunner implements Runner {
  readonly #parts: RunnerParts;
  readonly #port: PortDesk;
  readonly #supervisor: Supervisor;
  readonly #recycling: Recycling;
  readonly #ticketKeys: string = randomBytes(TICKET_KEY_BYTES).toString('base64');
  #certificates: EncodedCertificates | undefined;
  readonly #course: HookCourse = new HookCourse('the backplane');
  #isListening = false;
  #isStopping = false;
  /** The last one that was asked for. */
  #reloading: Promise<void> | undefined;

  /** @param isForked whether each child has one connection at a time */
  constructor(parts: RunnerParts, isForked: boolean) {
    const { config, log } = parts;
    parts.assertServable();
    this.#parts = parts;
    const shape = isForked ? poolOfForked(config) : poolOfWorkers(config);
    this.#port = isForked ? this.#openForked() : openShared(parts);
    const desk = new PrimaryDesk(parts.stores(), (name, data, body) => Link.encode(name, data, body));
    const seats = new SeatDesk(shape.maxSize, {
      connections: { most: config.maxConnections, mostPerAddress: config.maxConnectionsPerIp },
      channels: { most: shape.maxChannels, mostPerAddress: config.channels.maxChannelsPerIp },
    });
    this.#recycling = new Recycling(shape);
    this.#supervisor = new Supervisor({
      name: SUPERVISOR_NAME,
      size: shape.size,
      maxSize: shape.maxSize,
      entry: config.entry,
      bootTimeoutMs: config.bootTimeoutMs,
      unresponsiveTimeoutMs: shape.unresponsiveTimeoutMs,
      drainTimeoutMs: config.drainTimeoutMs + DEFAULTS.childEndMs,
      onWorker: (worker) => {
        const owner = ownerOf(worker);
        desk.serve(worker.link, owner);
        seats.serve(worker.link, owner);
        this.#port.serve(worker);
        this.#serve(worker);
      },
      onReady: (worker) => this.#port.ready(worker),
      onReplaced: (worker, successor) => desk.bequeath(ownerOf(worker), ownerOf(successor)),
      onReport: (worker) => this.#recycle(worker),
      onDraining: (worker) => this.#port.leave(worker),
      onExit: (worker) => this.#port.leave(worker),
      onGaveUp: (error) => {
        log.logger.error({ err: causeOf(error) }, 'Child processes cannot start; the server stops.');
        parts.stop('uncaught');
      },
      log: {
        debug: (fields, message) => log.logger.debug(fields, message),
        info: (fields, message) => log.logger.info(fields, message),
        warn: (fields, message) => log.logger.warn(fields, message),
        error: (fields, message) => log.logger.error(fields, message),
      },
    });
  }

  get server(): Server | undefined {
    return this.#port.server;
  }

  get address(): ServerAddress | undefined {
    return this.#port.address;
  }

  get isListening(): boolean {
    return this.#isListening;
  }

  get awaits(): string {
    return this.#course.awaits;
  }

  /**
   * Resolves when all children serve and the hooks are done.
   *
   * @throws {ListenError} when the port cannot be bound; then no child was started
   * @throws what a child throws while it starts, or {@link WorkerError} where it does not say; what a hook throws. Then
   *   nothing is left
   * @throws the reason of the signal, and leaves the rest to `stop`
   */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#open(signal);
    } catch (error) {
      signal.throwIfAborted();
      await this.#takeBack();
      throw error;
    }
  }

  renewCertificates(options: TlsOptions): void {
    this.#certificates = encodeCertificates(options);
    this.#tellAll(MESSAGES.certificates, this.#certificates);
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    return this.#supervisor.workers.flatMap((worker) => toInfo(worker, this.#port.connections?.(worker)));
  }

  reload(): void {
    const { logger } = this.#parts.log;
    const reloading = this.#supervisor.reload();
    // One more was asked for during another, and that is to come already.
    if (reloading === this.#reloading) return;
    this.#reloading = reloading;
    logger.info({}, 'Reloading: child processes are replaced one by one.');
    reloading.then(
      () => logger.info({}, 'Reloaded.'),
      (error: unknown) => {
        if (!this.#isStopping)
          logger.error({ err: causeOf(error) }, 'The reload has failed; the child processes go on.');
      },
    );
  }

  kill(): void {
    this.#supervisor.kill();
  }

  async stop(options: StopOptions): Promise<StopReport> {
    const { shared, log } = this.#parts;
    const startedAt = performance.now();
    log.logger.info({ reason: options.reason }, 'Stopping.');
    this.#course.endWithin(options.timeoutMs + DEFAULTS.shutdownHookMs);
    const stopped = await this.#stopChildren(options);
    // As after an error of this process.
    if (stopped.some(hasFailed)) process.exitCode ??= 1;
    const failed = await runStopHooks(
      this.#course.takeEndings(),
      Math.max(this.#course.leftMs - DEFAULTS.shutdownHookMs, DEFAULTS.shutdownHookMs),
      log,
    );
    await shared.close(this.#course.leftMs);
    const report = {
      reason: options.reason,
      drained: sum(stopped, drainedOf),
      forced: sum(stopped, forcedOf) + failed,
      durationMs: Math.round(performance.now() - startedAt),
    };
    log.logger.info(report, 'Stopped.');
    return report;
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { hooks, clients, shared } = this.#parts;
    await shared.open();
    signal.throwIfAborted();
    this.#course.endings = hooks.shutdown;
    await this.#course.run('onPrimary', hooks.primary, signal);
    this.#course.awaits = 'the port';
    await this.#port.open();
    signal.throwIfAborted();
    // Clients that this process has connected itself.
    this.#course.endings = [() => clients.close(this.#course.leftMs / 2), ...hooks.shutdown];
    this.#course.awaits = 'its child processes';
    await this.#supervisor.start().catch(async (error: unknown) => {
      throw await toStartError(error, this.#parts.at);
    });
    signal.throwIfAborted();
    this.#isListening = true;
    await this.#course.run('onStart', hooks.start, signal);
  }

  #openForked(): PortDesk {
    const { at, config, log } = this.#parts;
    return new ForkedPortDesk(at, config, log, {
      grow: () => this.#supervisor.grow(),
      shrink: (worker) => this.#supervisor.shrink(worker),
    });
  }

  /** Both at once: each has the time of the stop. */
  async #stopChildren({ reason, timeoutMs, delayMs }: StopOptions): Promise<readonly StoppedWorker[]> {
    this.#isStopping = true;
    for (const worker of this.#supervisor.workers) void worker.send(MESSAGES.stopping, reason);
    const stopping = this.#supervisor.stop({ timeoutMs: timeoutMs + DEFAULTS.childEndMs });
    if (delayMs > 0) await Promise.race([delay(Math.min(delayMs, timeoutMs), undefined, { ref: false }), stopping]);
    this.#isListening = false;
    this.#port.close();
    return stopping;
  }

  /** The start has failed: nothing of it is left. */
  async #takeBack(): Promise<void> {
    const { config, shared, log } = this.#parts;
    this.#course.awaits = 'a hook of onShutdown';
    const limitMs = Math.max(config.drainTimeoutMs, DEFAULTS.shutdownHookMs);
    this.#course.endWithin(limitMs);
    this.#port.close();
    // Nobody has sent them a signal.
    for (const worker of this.#supervisor.workers) void worker.send(MESSAGES.stopping, 'shutdown');
    await this.#supervisor.stop({ timeoutMs: limitMs });
    await runStopHooks(this.#course.takeEndings(), limitMs, log);
    await shared.close(this.#course.leftMs);
  }

  #serve(worker: Worker): void {
    const { link } = worker;
    link.answer(MESSAGES.hello, () => ({ data: this.#welcome() }));
    link.answer(MESSAGES.workers, async () => ({ data: await this.workers() }));
    link.on(MESSAGES.shutdown, (timeoutMs) => this.#parts.stop('shutdown', timeoutMs as number));
    link.on(MESSAGES.certificates, (data) => this.#hearCertificates(worker, data as EncodedCertificates));
  }

  #recycle(worker: Worker): void {
    const why = this.#recycling.look(worker);
    if (why === undefined) return;
    const { logger } = this.#parts.log;
    logger.info({ worker: worker.id, pid: worker.pid }, `Worker ${worker.id} ${why}, and is replaced.`);
    this.#supervisor.replace(worker).catch((error: unknown) => {
      if (!this.#isStopping)
        logger.error({ err: causeOf(error) }, `Worker ${worker.id} cannot be replaced and goes on.`);
    });
  }

  #welcome(): Welcome {
    const { address, accepts, admits } = this.#port;
    return {
      address: address ?? this.#parts.at,
      accepts,
      admits,
      ticketKeys: this.#ticketKeys,
      certificates: this.#certificates,
    };
  }

  #hearCertificates(from: Worker, encoded: EncodedCertificates): void {
    this.#certificates = encoded;
    this.#parts.certificatesRenewed(decodeCertificates(encoded));
    this.#tellAll(MESSAGES.certificates, encoded, from);
  }

  #tellAll(name: string, data: unknown, except?: Worker): void {
    for (const worker of this.#supervisor.workers) if (worker !== except) worker.link.tell(name, data);
  }
}

/** @param connections where this process knows them */
function toInfo(
  { id, pid, state, restarts, startedAt, lastReport, reportedAt = performance.now() }: Worker,
  connections: number | undefined,
): readonly WorkerInfo[] {
  if (pid === undefined || state === 'ended') return [];
  const count = (name: string): number => {
    const value = lastReport?.[name];
    return typeof value === 'number' ? value : 0;
  };
  return [
    {
      id,
      pid,
      state,
      connections: connections ?? count('connections'),
      requests: count('requests'),
      memoryBytes: count('memoryBytes'),
      // One that is busy does not report.
      lagMs: Math.max(count('lagMs'), Math.round(performance.now() - reportedAt - DEFAULTS.reportMs)),
      restarts,
      startedAt,
    },
  ];
}

/** A name that no other process has. */
function ownerOf({ key, pid }: Worker): string {
  return `${key} ${pid}`;
}

function openShared({ at, config, log }: RunnerParts): PortDesk {
  return SharedPort.isSupported ? new SharedPortDesk(at) : new HandingPortDesk(at, config.backlog, log);
}

/** A child's own error, with its stack; where it has told none, what is known of its end. */
function causeOf(error: unknown): unknown {
  return error instanceof Error ? (error.cause ?? error) : error;
}

function sum(exits: readonly WorkerExit[], of: (exit: WorkerExit) => number): number {
  return exits.reduce((total, exit) => total + of(exit), 0);
}

function drainedOf({ report }: WorkerExit): number {
  return numberOf(report, 'drained');
}

/**
 * A child that was killed before it was done, or failed without a word while it served, was forced; one that had
 * nothing to say was not.
 */
function forcedOf({ wasReady, report, hasDrained, killedFor, code }: WorkerExit): number {
  if (killedFor !== undefined && !hasDrained) return 1;
  return report === undefined ? Number(wasReady && code !== 0) : numberOf(report, 'forced');
}

function hasFailed({ report }: WorkerExit): boolean {
  return (report as Partial<ChildReport> | undefined)?.hasFailed === true;
}

function numberOf(report: unknown, name: string): number {
  const value = (report as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'number' ? value : 0;
}
