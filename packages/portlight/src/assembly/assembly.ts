import type { Backplane } from '../backplane/backplane.ts';
import { MemoryStores } from '../backplane/memory-stores.ts';
import { type OwnBackplane, SharedState } from '../backplane/shared-state.ts';
import type { SharedStores } from '../backplane/shared-stores.ts';
import { ChannelRegistry } from '../channels/channel-registry.ts';
import { ClientRegistry } from '../clients/client-registry.ts';
import type { ParsedAddress } from '../config/address.ts';
import { configOf, hasChildren, parseRunMode, type RunMode } from '../config/run-mode.ts';
import { resolveServerConfig, type ServerConfig, type ServerOptions } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';
import { GuardSet } from '../guards/guard-set.ts';
import type { ChannelServices } from '../handlers/channel-services.ts';
import { Hub } from '../hub/hub.ts';
import { forgetStart, type IdleServer } from '../lifecycle/forgotten-start.ts';
import { Hooks } from '../lifecycle/hooks.ts';
import { Life } from '../lifecycle/life.ts';
import { runUntilStopped } from '../lifecycle/run-until-stopped.ts';
import type { StopReason, StopReport } from '../lifecycle/stop-report.ts';
import { within } from '../lifecycle/within.ts';
import { createStderrLogger, type Logger, type LogHolder, withFields } from '../log.ts';
import { Pipeline } from '../pipeline.ts';
import { ChildBackplane } from '../primary/child-backplane.ts';
import { ChildSeats } from '../primary/child-seats.ts';
import { ConnectingRoutes } from '../registration/connecting-routes.ts';
import { assertWholePatterns } from '../registration/assert-whole-patterns.ts';
import type { RouteBook } from '../registration/route-book.ts';
import type { ServerView } from '../server-view.ts';
import { ChildRole } from '../runners/child-role.ts';
import { createRunner } from '../runners/create-runner.ts';
import type { RunnerParts } from '../runners/runner-parts.ts';
import type { Runner } from '../runners/runner.ts';
import type { WorkerInfo } from '../runners/worker-info.ts';
import { Edge } from '../socket/edge.ts';
import { createTurns } from '../turns/create-turns.ts';
import { faceOf } from './face-of.ts';

/** The parts of one server, and how they are put together: what answers requests when it is first needed. */
export class Assembly implements IdleServer {
  /** Of the server. */
  readonly id: number;
  readonly at: ParsedAddress;
  readonly book: RouteBook;
  readonly hooks: Hooks = new Hooks();
  /** Where this process is a child. */
  readonly #role: ChildRole | undefined = ChildRole.find();
  readonly log: LogHolder = { logger: this.#label(createStderrLogger('warn')), verbose: false };
  /** Says where a program listens. */
  #announcer: Logger = createStderrLogger('info');
  #stores: MemoryStores | undefined;
  /** In a child: whether it uses what it does not share with the other processes. */
  #isApart = false;
  /** In a child that serves: the seats that all children share. */
  #seats: ChildSeats | undefined;
  readonly shared: SharedState = new SharedState(this.log, this.#ownBackplane());
  readonly clients: ClientRegistry = new ClientRegistry(this.shared, this.log);
  readonly guards: GuardSet = new GuardSet(this.shared, this.clients);
  readonly hub: Hub = new Hub(this.shared, this.log);
  readonly connecting: ConnectingRoutes;
  readonly life: Life<Runner> = new Life(() => this.#openRunner(), this.log);
  config: ServerConfig;
  /** The server as its requests see it. */
  readonly face: ServerView = faceOf(this);
  #mode: RunMode = 'concurrent';
  #pipeline: Pipeline | undefined;
  /** What is open, and whose turn it is: of the pipeline that was made last. */
  #channels: ChannelServices | undefined;
  #autostart: NodeJS.Immediate | undefined;

  constructor(id: number, at: ParsedAddress, config: ServerConfig, book: RouteBook) {
    this.id = id;
    this.at = at;
    this.config = config;
    this.book = book;
    this.connecting = new ConnectingRoutes(book, this.clients);
    book.owner = {
      whyClosed: () => (this.life.hasBegun || this.life.service !== undefined ? 'the server has started' : undefined),
      changed: () => (this.#pipeline = undefined),
    };
  }

  /** What answers requests, as it is registered by now. @throws {ConfigError} when that cannot be served */
  get pipeline(): Pipeline {
    forgetStart(this);
    return (this.#pipeline ??= this.#openPipeline());
  }

  /** Whether there is something to serve, and no router took it over. */
  isComplete(): boolean {
    const { routes, channelRoutes, eventsRoutes, folders } = this.book.registrations;
    return (
      this.book.whyClosed === undefined &&
      routes.length + channelRoutes.length + eventsRoutes.length + folders.length > 0
    );
  }

  /** @throws {ConfigError} on a wrong option or mode, and when it is too late for one */
  applyRunOptions({ mode = 'concurrent', ...options }: ServerOptions & { readonly mode?: unknown }): void {
    const known = parseRunMode(mode);
    const config = resolveServerConfig(this.config, options, 'run');
    if (hasChildren(known)) this.#claimChildren();
    if (config === this.config && known === this.#mode) return;
    if (this.life.hasBegun)
      throw new ConfigError(
        'The server has started; options and a mode given to run now would not reach it. ' +
          'Give options to the constructor, and call run({ mode }) without a start before it.',
      );
    this.config = config;
    this.#mode = known;
    this.#pipeline = undefined;
  }

  /** Everything is told to it. */
  useLogger(logger: Logger, verbose: boolean): void {
    this.log.logger = this.#label(logger);
    this.log.verbose = verbose;
    this.#announcer = logger;
  }

  /** How requests are handled; what `run` says, once it was called. */
  get mode(): RunMode {
    return this.#mode;
  }

  /** Whether this process is a child of a server: then its primary starts and stops. */
  get isChild(): boolean {
    return this.#role !== undefined;
  }

  /** Starts on the next tick, if nobody asks for it before. */
  startSoon(): void {
    if (!this.isChild) this.#autostart = setImmediate(() => this.life.startByItself());
  }

  /** @throws {ConfigError} where the mode has children, which are nothing to wait for without `run` */
  assertStartable(): void {
    if (hasChildren(this.#mode) && !this.life.hasBegun)
      throw new ConfigError('A server with child processes is started by run.');
  }

  /**
   * Serves until it is stopped.
   *
   * @param announcement what is said once it listens
   * @throws what the start throws
   */
  run(announcement: () => string): Promise<StopReport> {
    const onStarted = (): void => this.#announcer.info({}, announcement());
    const role = this.#role;
    if (role === undefined)
      return runUntilStopped(
        {
          serve: () => this.life.runUntilStopped(onStarted),
          stop: (reason) => this.stop(reason),
          reload: hasChildren(this.#mode) ? () => this.life.service?.reload() : undefined,
          kill: () => this.life.service?.kill(),
        },
        this.config,
        this.log,
      );
    // Another server of the app, which the primary runs.
    if (!hasChildren(this.#mode)) return role.ended;
    const serve = (): Promise<StopReport> => this.life.runUntilStopped(() => {});
    return role.run({ serve, stop: (options) => this.life.stop(options) }, this.config, this.log);
  }

  /** The app starts it, and sees to the outcome. */
  claimStart(): void {
    forgetStart(this);
    clearImmediate(this.#autostart);
  }

  stop(reason: StopReason, timeoutMs: number = this.config.drainTimeoutMs): Promise<StopReport> {
    forgetStart(this);
    clearImmediate(this.#autostart);
    return this.life.stop({ reason, timeoutMs, delayMs: this.config.drainDelayMs });
  }

  /** A stop by the app; ends at the latest one second after its time. */
  async shutdown(timeoutMs: number = this.config.drainTimeoutMs): Promise<StopReport> {
    if (this.#role !== undefined && this.life.hasBegun) return this.#role.stopApp(timeoutMs);
    const endsAt = performance.now() + timeoutMs + DEFAULTS.shutdownHookMs;
    const report = await this.stop('shutdown', timeoutMs);
    await this.#release(endsAt);
    return report;
  }

  /** The processes that serve; none before the start. */
  async workers(): Promise<readonly WorkerInfo[]> {
    return (await this.life.service?.workers()) ?? [];
  }

  /** A client is marked by hand, and nobody has to wait for it. */
  mark(marking: Promise<void>): Promise<void> {
    this.shared.own(marking, 'A client could not be marked.');
    return marking;
  }

  /**
   * After a stop, or without a start: a server may have clients that were connected by hand, and channels of tests.
   *
   * @param endsAt when nobody waits any more, on the clock of `performance`
   */
  async #release(endsAt: number): Promise<void> {
    const leftMs = (): number => Math.max(0, endsAt - performance.now());
    this.#channels?.registry.stop();
    if (!(await within(this.clients.close(leftMs() / 2), leftMs())))
      this.log.logger.error({}, 'The handlers of disconnects were not done in time for the stop.');
    await this.shared.close(leftMs());
  }

  #openPipeline(): Pipeline {
    this.connecting.complete(this.guards.isConnectionRequired);
    assertWholePatterns(this.book.registrations);
    this.guards.onStoreError = this.config.onStoreError;
    const config = configOf(this.#mode, this.config);
    const channels = {
      hub: this.hub,
      registry: new ChannelRegistry(config.channels, this.#seats?.channels),
      config: config.channels,
      turns: createTurns(this.#mode, config, this.log),
      log: this.log,
    };
    this.#channels = channels;
    return new Pipeline(this.book.registrations, this.guards, channels, config, this.log);
  }

  #openRunner(): Runner {
    const { id, at, config, hooks, shared, clients, log } = this;
    const parts: RunnerParts = {
      id,
      at,
      config,
      hooks,
      shared,
      clients,
      log,
      stores: () => this.#sharedStores(),
      serve: (options) => {
        if (this.#role !== undefined) {
          this.#seats = new ChildSeats(this.#role.primary.link);
          this.#pipeline = undefined;
        }
        const admission = this.#seats?.connections;
        const edge = new Edge(this.pipeline, config, this.face, log, { admission, ...options });
        const { registry, turns } = this.#channels as ChannelServices;
        return { edge, channels: registry, turns };
      },
      announce: (sentence) => this.#announcer.info({}, sentence),
      assertServable: () => void this.#openPipeline(),
      stop: (reason, timeoutMs) => void this.stop(reason, timeoutMs),
      certificatesRenewed: (tls) => (this.config = { ...this.config, tls }),
    };
    return createRunner(this.#mode, parts, this.#role?.primary);
  }

  /** Where the app gives no backplane: the memory of this process, or in a child that of its primary. */
  #ownBackplane(): OwnBackplane {
    const role = this.#role;
    if (role === undefined) return { isAlone: true, make: (given) => given ?? this.#openStores().own('primary') };
    const make = (given: Backplane | undefined): Backplane => {
      const isServed = role.isOf(this.id);
      if (isServed && (given === undefined || given.stores !== undefined)) return new ChildBackplane(role.primary.link);
      this.#isApart ||= !isServed;
      return given ?? this.#openStores().own('this process');
    };
    return { isAlone: false, make };
  }

  /** What is behind the backplanes of children. */
  #sharedStores(): SharedStores {
    return this.shared.given?.stores ?? this.#openStores();
  }

  #openStores(): MemoryStores {
    return (this.#stores ??= new MemoryStores());
  }

  /** Lines of the log say which child they are of. */
  #label(logger: Logger): Logger {
    return this.#role === undefined ? logger : withFields(logger, { worker: this.#role.primary.id });
  }

  #claimChildren(): void {
    const isTaken = lifeWithChildren?.hasBegun === true && lifeWithChildren !== this.life;
    if (isTaken || this.#role?.claim(this.id) === false)
      throw new ConfigError('Another server of this process has child processes already; one in a process can.');
    if (this.#isApart)
      throw new ConfigError(
        'This server is not the one that the first process of the app runs with child processes: make the same servers in the same order in each process.',
      );
    lifeWithChildren = this.life;
  }
}

/** Of the server of this process that has children, or had them last. */
let lifeWithChildren: Life<Runner> | undefined;
