import { Link, type StoppedWorker, Supervisor, type Worker } from '@portlight/prefork';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerAddress } from '../config/address.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { runStopHooks } from '../lifecycle/hooks.ts';
import type { StopOptions } from '../lifecycle/service.ts';
import type { StopReason, StopReport } from '../lifecycle/stop-report.ts';
import { SharedPort } from '../ports/shared-port.ts';
import { PrimaryDesk } from '../primary/primary-desk.ts';
import { SeatDesk } from '../primary/seat-desk.ts';
import {
  decodeCertificates,
  type EncodedCertificates,
  encodeCertificates,
  MESSAGES,
  supervisorOf,
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
import { sumUp } from './sum-up.ts';
import { toStartError } from './to-start-error.ts';
import type { WorkerInfo } from './worker-info.ts';
import { toWorkerInfo } from './to-worker-info.ts';

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
  /** Connections that the port itself has answered when it was closed. */
  #answered = 0;
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
      channels: { most: shape.maxChannels, mostPerAddress: config.channels.maxChannelsPerIp, isExact: isForked },
    });
    this.#recycling = new Recycling(shape);
    this.#supervisor = new Supervisor({
      name: supervisorOf(parts.id),
      size: shape.size,
      maxSize: shape.maxSize,
      entry: config.entry,
      bootTimeoutMs: config.bootTimeoutMs,
      unresponsiveTimeoutMs: shape.unresponsiveTimeoutMs,
      drainTimeoutMs: config.drainTimeoutMs,
      graceMs: DEFAULTS.childEndMs,
      onWorker: (worker) => {
        const owner = ownerOf(worker);
        desk.serve(worker.link, owner, (dropped) => this.#noteCaughtUp(worker, dropped));
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
    return this.#supervisor.workers.flatMap((worker) => toWorkerInfo(worker, this.#port.connections?.(worker)));
  }

  reload(): void {
    const { announce, log } = this.#parts;
    const reloading = this.#supervisor.reload();
    // One more was asked for during another, and that is to come already.
    if (reloading === this.#reloading) return;
    this.#reloading = reloading;
    announce('Reloading: child processes are replaced one by one.');
    reloading.then(
      () => announce('Reloaded.'),
      (error: unknown) => {
        if (!this.#isStopping)
          log.logger.error({ err: causeOf(error) }, 'The reload has failed; the child processes go on.');
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
    const ended = sumUp(await this.#stopChildren(options));
    // As after an error of this process.
    if (ended.hasFailed) process.exitCode ??= 1;
    const failed = await runStopHooks(
      this.#course.takeEndings(),
      Math.max(this.#course.leftMs - DEFAULTS.shutdownHookMs, DEFAULTS.shutdownHookMs),
      log,
    );
    await shared.close(this.#course.leftMs);
    const report = {
      reason: options.reason,
      drained: ended.drained + this.#answered,
      forced: ended.forced + failed,
      durationMs: Math.round(performance.now() - startedAt),
    };
    log.logger.info(report, 'Stopped.');
    return report;
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { config, hooks, clients, shared } = this.#parts;
    await shared.open(config.bootTimeoutMs);
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
    // It is there before the supervisor is.
    const supervisor = (): Supervisor => this.#supervisor;
    return new ForkedPortDesk(at, config, log, {
      get awaited() {
        return supervisor().awaited;
      },
      grow: () => supervisor().grow(),
      shrink: (worker) => supervisor().shrink(worker),
    });
  }

  /** Both at once: each has the time of the stop. */
  async #stopChildren({ reason, timeoutMs, delayMs }: StopOptions): Promise<readonly StoppedWorker[]> {
    this.#isStopping = true;
    this.#announceStop(reason);
    const stopping = this.#supervisor.stop({ timeoutMs });
    if (delayMs > 0) await Promise.race([delay(Math.min(delayMs, timeoutMs), undefined, { ref: false }), stopping]);
    this.#isListening = false;
    this.#answered = this.#port.close();
    return stopping;
  }

  /** Says why, before each is told to finish. */
  #announceStop(reason: StopReason): void {
    for (const worker of this.#supervisor.workers) void worker.send(MESSAGES.stopping, reason);
  }

  /** The start has failed: nothing of it is left. */
  async #takeBack(): Promise<void> {
    const { config, shared, log } = this.#parts;
    this.#course.awaits = 'a hook of onShutdown';
    const limitMs = Math.max(config.drainTimeoutMs, DEFAULTS.shutdownHookMs);
    this.#course.endWithin(limitMs);
    this.#port.close();
    // Nobody has sent them a signal.
    this.#announceStop('shutdown');
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

  #noteCaughtUp({ id, pid }: Worker, dropped: number): void {
    this.#parts.log.logger.warn(
      { worker: id, pid, dropped },
      `Worker ${id} was too slow for what is published: it was not given ${dropped} messages, and mends its topics from their histories.`,
    );
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
