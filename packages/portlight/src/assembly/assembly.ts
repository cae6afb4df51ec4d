import { SharedState } from '../backplane/shared-state.ts';
import { ChannelRegistry } from '../channels/channel-registry.ts';
import { ClientRegistry } from '../clients/client-registry.ts';
import type { ParsedAddress } from '../config/address.ts';
import { configOf, parseRunMode, type RunMode } from '../config/run-mode.ts';
import { resolveServerConfig, type ServerConfig, type ServerOptions } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';
import { GuardSet } from '../guards/guard-set.ts';
import type { ChannelServices } from '../handlers/channel-services.ts';
import { Hub } from '../hub/hub.ts';
import { forgetStart, type IdleServer } from '../lifecycle/forgotten-start.ts';
import { Hooks } from '../lifecycle/hooks.ts';
import { Life } from '../lifecycle/life.ts';
import type { StopReason, StopReport } from '../lifecycle/stop-report.ts';
import { within } from '../lifecycle/within.ts';
import { createStderrLogger, type Logger, type LogHolder } from '../log.ts';
import { Pipeline } from '../pipeline.ts';
import { ConnectingRoutes } from '../registration/connecting-routes.ts';
import type { RouteBook } from '../registration/route-book.ts';
import type { ServerView } from '../request/request-source.ts';
import { createRunner } from '../runners/create-runner.ts';
import type { Runner } from '../runners/runner.ts';
import { Edge } from '../socket/edge.ts';
import { createTurns } from '../turns/create-turns.ts';

/** The parts of one server, and how they are put together: what answers requests when it is first needed. */
export class Assembly implements IdleServer {
  readonly at: ParsedAddress;
  readonly book: RouteBook;
  readonly hooks: Hooks = new Hooks();
  readonly log: LogHolder = { logger: createStderrLogger('warn'), verbose: false };
  /** Says where a program listens. */
  announcer: Logger = createStderrLogger('info');
  readonly shared: SharedState = new SharedState(this.log);
  readonly clients: ClientRegistry = new ClientRegistry(this.shared, this.log);
  readonly guards: GuardSet = new GuardSet(this.shared, this.clients);
  readonly hub: Hub = new Hub(this.shared, this.log);
  readonly connecting: ConnectingRoutes;
  readonly life: Life<Runner> = new Life(() => this.#openRunner(), this.log);
  config: ServerConfig;
  readonly #view: ServerView;
  #mode: RunMode = 'concurrent';
  #pipeline: Pipeline | undefined;
  /** What is open, and whose turn it is: of the pipeline that was made last. */
  #channels: ChannelServices | undefined;
  #autostart: NodeJS.Immediate | undefined;

  /** @param view the server as its requests see it */
  constructor(at: ParsedAddress, config: ServerConfig, book: RouteBook, view: ServerView) {
    this.at = at;
    this.config = config;
    this.book = book;
    this.#view = view;
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
    const { routes, channelRoutes, eventsRoutes } = this.book.registrations;
    return this.book.whyClosed === undefined && routes.length + channelRoutes.length + eventsRoutes.length > 0;
  }

  /** @throws {ConfigError} on a wrong option or mode, and when it is too late for one */
  applyRunOptions({ mode = 'concurrent', ...options }: ServerOptions & { readonly mode?: unknown }): void {
    const known = parseRunMode(mode);
    const config = resolveServerConfig(this.config, options, 'run');
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

  /** Starts on the next tick, if nobody asks for it before. */
  startSoon(): void {
    this.#autostart = setImmediate(() => this.life.startByItself());
  }

  /** The app starts it, and sees to the outcome. */
  claimStart(): void {
    clearImmediate(this.#autostart);
  }

  stop(reason: StopReason, timeoutMs: number = this.config.drainTimeoutMs): Promise<StopReport> {
    forgetStart(this);
    clearImmediate(this.#autostart);
    return this.life.stop({ reason, timeoutMs, delayMs: this.config.drainDelayMs });
  }

  /** A stop by the app; ends at the latest one second after its time. */
  async shutdown(timeoutMs: number = this.config.drainTimeoutMs): Promise<StopReport> {
    const endsAt = performance.now() + timeoutMs + DEFAULTS.shutdownHookMs;
    const report = await this.stop('shutdown', timeoutMs);
    await this.#release(endsAt);
    return report;
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
    this.guards.onStoreError = this.config.onStoreError;
    const config = configOf(this.#mode, this.config);
    const channels = {
      hub: this.hub,
      registry: new ChannelRegistry(config.channels),
      config: config.channels,
      turns: createTurns(this.#mode, config, this.log),
      log: this.log,
    };
    this.#channels = channels;
    return new Pipeline(this.book.registrations, this.guards, channels, config, this.log);
  }

  #openRunner(): Runner {
    const { at, config, hooks, shared, clients, log } = this;
    return createRunner(this.#mode, {
      at,
      config,
      hooks,
      shared,
      clients,
      log,
      serve: () => {
        const edge = new Edge(this.pipeline, config, this.#view, log);
        const { registry, turns } = this.#channels as ChannelServices;
        return { edge, channels: registry, turns };
      },
    });
  }
}
