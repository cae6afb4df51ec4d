import type { Server } from 'node:net';
import type { Backplane } from './backplane/backplane.ts';
import { assertBackplane } from './backplane/assert-backplane.ts';
import { SharedState } from './backplane/shared-state.ts';
import { ChannelRegistry } from './channels/channel-registry.ts';
import {
  ClientRegistry,
  type Clients,
  type ConnectHandler,
  type DisconnectHandler,
} from './clients/client-registry.ts';
import { type ParsedAddress, parseAddress, parsePort } from './config/address.ts';
import { configOf, parseRunMode, type RunMode } from './config/run-mode.ts';
import { assertHandler } from './config/assert-handler.ts';
import { assertNoMore } from './config/assert-no-more.ts';
import { assertShutdownOptions, type ShutdownOptions } from './config/shutdown-options.ts';
import { explainServer, explainStart } from './config/explain-server.ts';
import {
  DEFAULT_SERVER_CONFIG,
  resolveServerConfig,
  type ServerConfig,
  type ServerOptions,
} from './config/server-options.ts';
import { toSilenceMs } from './config/silence.ts';
import { parseWebSocketOptions, type WebSocketOptions } from './config/websocket-options.ts';
import { assertTlsOptions, type TlsOptions } from './config/tls-options.ts';
import { ANY, atCaller, type Entry, throwAtCaller } from './errors/at-caller.ts';
import { ConfigError } from './errors/config-error.ts';
import { ListenError } from './errors/listen-error.ts';
import { Hub, type Presence, type PresenceChange, type PublishOptions } from './hub/hub.ts';
import { GuardSet } from './guards/guard-set.ts';
import { expectStart, forgetStart, type IdleServer } from './lifecycle/forgotten-start.ts';
import { type Hook, Hooks } from './lifecycle/hooks.ts';
import { Life } from './lifecycle/life.ts';
import { runUntilStopped } from './lifecycle/run-until-stopped.ts';
import type { StopReason, StopReport } from './lifecycle/stop-report.ts';
import { createStderrLogger, type Logger, type LogHolder, parseLogger } from './log.ts';
import { Pipeline } from './pipeline.ts';
import { freePort } from './ports/free-port.ts';
import { isPortFree } from './ports/is-port-free.ts';
import { fetchPortless } from './portless/fetch-portless.ts';
import { upgradePortless } from './portless/upgrade-portless.ts';
import { unmapAddress } from './request/client-address.ts';
import type { ServerView } from './request/request-source.ts';
import { HttpResponse } from './response/http-response.ts';
import { createTurns } from './turns/create-turns.ts';
import { ConnectingRoutes } from './registration/connecting-routes.ts';
import type { RouteBook } from './registration/route-book.ts';
import { bookOf, Router } from './router.ts';
import { createRunner } from './runners/create-runner.ts';
import type { Runner } from './runners/runner.ts';
import type { Serving } from './runners/serving.ts';
import { Edge } from './socket/edge.ts';

/** Options of {@link HttpServer.run}: those of the server, over which they win, and the mode. */
export interface RunOptions extends ServerOptions {
  /**
   * `'concurrent'`: one process, every request as soon as it comes. `'sequential'`: one process, one at a time, in the
   * order in which they came.
   *
   * @default 'concurrent'
   */
  readonly mode?: 'concurrent' | 'sequential' | undefined;
}

/** Asks a server for a WebSocket without a port, for `portlight/testing`. Set by the class below. */
export let upgrade: (
  server: HttpServer,
  target: string,
  headers: Readonly<Record<string, string>>,
) => ReturnType<typeof upgradePortless>;

let lastId = 0;

/**
 * A server: routes, and the port they are served on.
 *
 * @example
 * const server = new HttpServer('127.0.0.1', 8080).get('/', () => 'Hello, World!');
 * await server.run(); // until SIGINT or SIGTERM
 */
export class HttpServer extends Router implements ServerView {
  readonly #id: number = ++lastId;
  readonly #book: RouteBook = bookOf(this);
  readonly #address: ParsedAddress;
  readonly #hooks: Hooks = new Hooks();
  readonly #log: LogHolder = { logger: createStderrLogger('warn'), verbose: false };
  /** Says where a program listens. */
  #announcer: Logger = createStderrLogger('info');
  readonly #shared: SharedState = new SharedState(this.#log);
  readonly #registry: ClientRegistry = new ClientRegistry(this.#shared, this.#log);
  readonly #guards: GuardSet = new GuardSet(this.#shared, this.#registry);
  readonly #hub: Hub = new Hub(this.#shared, this.#log);
  /** What is open, from the first start to the stop. */
  #channels: ChannelRegistry | undefined;
  readonly #connecting: ConnectingRoutes = new ConnectingRoutes(this.#book, this.#registry);
  #config: ServerConfig;
  #pipeline: Pipeline | undefined;
  readonly #autostart: NodeJS.Immediate | undefined;
  readonly #idle: IdleServer = {
    isComplete: () => this.#book.whyClosed === undefined && this.#hasRoutes(),
    log: this.#log,
  };
  #mode: RunMode = 'concurrent';
  readonly #life: Life<Runner> = new Life(() => this.#openRunner(), this.#log);

  /**
   * @param address an IP address, a host name, `tcp://host:port`, `tls://host:port` or `unix:///path`
   * @param port 0 to 65535; 0 takes any free one
   * @throws {ConfigError} on a bad address, port or option
   */
  constructor(address?: string, port?: number, options: ServerOptions = {}) {
    const { at, config } = parseArguments(address, port, options);
    super({ strictSlashes: config.strictSlashes });
    this.#address = at;
    this.#config = config;
    this.#book.owner = {
      whyClosed: () => (this.#life.hasBegun || this.#life.service !== undefined ? 'the server has started' : undefined),
      changed: () => (this.#pipeline = undefined),
    };
    if (config.autostart) this.#autostart = setImmediate(() => this.#life.startByItself());
    else expectStart(this.#idle, HttpServer);
  }

  /**
   * Resolves when the server listens. One start, however often it is called; after `shutdown` it starts again.
   *
   * @throws {ListenError} when it cannot listen, `PortInUseError` among them
   * @throws {AbortedError} when it was stopped meanwhile and the stop could not wait for it
   */
  async start(...rest: readonly never[]): Promise<this> {
    if (rest.length > 0)
      throw atCaller(new ConfigError(explainStart('start', rest, this.#address.address)), entryOf('start'));
    clearImmediate(this.#autostart);
    const isFirst = !this.#life.hasBegun;
    try {
      await this.#life.start();
    } catch (error) {
      throw error instanceof ListenError ? atCaller(error, entryOf('start')) : error;
    }
    if (isFirst) this.#log.logger.debug({}, this.#describeListening());
    return this;
  }

  /**
   * Starts if need be, says where it listens (a line of level info), and resolves when the server has stopped: after
   * SIGINT, SIGTERM, an uncaught error, or a call of `shutdown`. The app's code after it runs; if the process that a
   * signal or an error has stopped still lives `drainTimeoutMs` later, it is ended. Its exit code is 0 after a clean
   * drain and 1 if something was forced. A second signal ends it at once with 1.
   *
   * @throws {ConfigError} on a wrong option
   * @throws {ListenError} when it cannot listen
   */
  async run(options: RunOptions = {}, ...rest: readonly never[]): Promise<StopReport> {
    try {
      if (
        typeof options !== 'object' ||
        options === null ||
        Array.isArray(options) ||
        'port' in options ||
        'host' in options ||
        rest.length > 0
      )
        throw new ConfigError(explainStart('run', [options, ...rest], this.#address.address));
      this.#applyRunOptions(options);
    } catch (error) {
      throw atCaller(error, entryOf('run'));
    }
    clearImmediate(this.#autostart);
    const serve = (): Promise<StopReport> =>
      this.#life.runUntilStopped(() => this.#announcer.info({}, this.#describeListening()));
    try {
      return await runUntilStopped({ serve, stop: (reason) => this.#stop(reason) }, this.#config, this.#log);
    } catch (error) {
      throw error instanceof ListenError ? atCaller(error, entryOf('run')) : error;
    }
  }

  /**
   * Stops: accepts nothing more, answers what is under way, closes, runs the `onShutdown` hooks, and cuts what is left
   * at the deadline. One stop, however often it is called. A handler or hook must not wait for it: it waits for them.
   *
   * @throws {ConfigError} when `timeoutMs` is no whole number from 0 to 86,400,000
   */
  async shutdown(options: ShutdownOptions = {}): Promise<StopReport> {
    const { port } = this.getAddress();
    try {
      assertShutdownOptions(options);
    } catch (error) {
      throw atCaller(error, entryOf('shutdown'));
    }
    const report = await this.#stop('shutdown', options.timeoutMs);
    // A server that never started may have clients that were connected by hand, and channels of tests.
    this.#channels?.stop();
    await this.#registry.close();
    await this.#shared.close();
    if (options.kill === true && port !== 0) await this.freePortIfStuck(port);
    return report;
  }

  /** Whether it listens. */
  isConnected(): boolean {
    return this.#life.service?.isListening ?? false;
  }

  /**
   * Whether nothing listens on the port, on IPv4 or IPv6.
   *
   * @param port 1 to 65535; without it, the server's own
   */
  async isPortFree(port: number = this.getAddress().port): Promise<boolean> {
    return isPortFree(parsePort(port));
  }

  /**
   * Ends the process that listens on the port: SIGTERM, and SIGKILL if it still lives two seconds later. Only one of
   * the same user; never this process, its parent, or one that is no longer the one that was found. Says whom in the
   * log. Where the holder cannot be known (other systems than Linux), nothing is ended.
   *
   * @param port 1 to 65535; without it, the server's own
   * @returns whether the port was taken and is free now
   */
  async freePortIfStuck(port: number = this.getAddress().port): Promise<boolean> {
    return freePort(parsePort(port), this.#log.logger);
  }

  /**
   * Serves other certificates from the next TLS handshake on; connections that are open keep theirs.
   *
   * @throws {ConfigError} when they are not usable, or the server does not serve TLS; then nothing changes
   */
  setCertificate(tls: TlsOptions): this {
    if (this.#config.tls === undefined)
      throw new ConfigError('This server does not serve TLS; give it the option tls.');
    assertTlsOptions(tls);
    this.#config = { ...this.#config, tls };
    this.#life.service?.renewCertificates(tls);
    return this;
  }

  /** The bound address; before the start, the configured one. */
  getAddress(): { readonly address: string; readonly port: number } {
    const { address, port } = this.#life.service?.address ?? this.#address;
    return { address, port };
  }

  /** The accepting socket, or `undefined` while there is none. */
  getSocket(): Server | undefined {
    return this.isConnected() ? this.#life.service?.server : undefined;
  }

  /** A number unique in the process. */
  getId(): number {
    return this.#id;
  }

  /**
   * What is logged: without an argument everything, as readable lines on stderr; with `false` nothing; with a logger of
   * the shape of pino, everything to it. Until it is called, warnings, errors and where `run` listens go to stderr.
   */
  debug(to: boolean | Logger = true): this {
    this.#log.logger = parseLogger(to);
    this.#announcer = this.#log.logger;
    this.#log.verbose = to !== false;
    return this;
  }

  /**
   * Closes a connection on which the client stays silent for so long while it is its turn: no request, half a head,
   * half a body, or a response it does not take. While a handler works the clock stands. Off until it is called.
   *
   * @param seconds 0 to 86,400; `0` with no microseconds switches it off
   * @param microseconds added to the seconds, 0 to 999,999
   * @throws {ConfigError} on anything else, milliseconds for example
   */
  setTimeout(seconds: number, microseconds = 0): this {
    this.#book.assertOpen('setTimeout');
    this.#config = { ...this.#config, silenceMs: toSilenceMs(seconds, microseconds) };
    return this;
  }

  /**
   * Serves `GET /connect`, by which a client connects: it is in `server.clients` from then on. The handler is told once
   * for each client; what it throws is the answer, and the client is not connected.
   */
  connect(handler?: ConnectHandler, ...rest: readonly never[]): this {
    this.#book.assertOpen('connect');
    assertNoMore(rest, 'connect');
    if (handler !== undefined) assertHandler(handler, 'connect');
    this.#connecting.serve('connect');
    if (handler !== undefined) this.#registry.onConnect(handler);
    return this;
  }

  /**
   * Serves `GET /disconnect`, by which a client disconnects. The handler is told once for each client, whatever ended
   * it.
   */
  disconnect(handler?: DisconnectHandler, ...rest: readonly never[]): this {
    this.#book.assertOpen('disconnect');
    assertNoMore(rest, 'disconnect');
    if (handler !== undefined) assertHandler(handler, 'disconnect');
    this.#connecting.serve('disconnect');
    if (handler !== undefined) this.#registry.onDisconnect(handler);
    return this;
  }

  /**
   * Refuses clients that have not asked for `/connect` with 403. That path, `/disconnect`, ping and ready stay open.
   */
  connectionRequired(isRequired = true): this {
    this.#book.assertOpen('connectionRequired');
    if (typeof isRequired !== 'boolean')
      throw new ConfigError(`connectionRequired takes true or false, not ${String(isRequired)}.`);
    this.#guards.isConnectionRequired = isRequired;
    return this;
  }

  /** Who is connected. */
  get clients(): Clients {
    return this.#registry;
  }

  /**
   * Marks a client as connected. No method of events: it takes no handler.
   *
   * @param address what identifies the client; without it, the server's own address
   */
  on(address?: string, ...rest: readonly never[]): Promise<void> {
    const id = this.#parseClient(address, rest, 'on');
    return this.#registry.connect(id, id, 'manual');
  }

  /** Marks a client as disconnected. @param address as of {@link on} */
  off(address?: string, ...rest: readonly never[]): Promise<void> {
    return this.#registry.disconnect(this.#parseClient(address, rest, 'off'), 'manual');
  }

  /**
   * How WebSockets are served, once there is an `accept` route: with these options, or not at all.
   *
   * @throws {ConfigError} on an unknown option or a value out of range
   */
  websocket(options: boolean | WebSocketOptions = true): this {
    this.#book.assertOpen('websocket');
    this.#config = { ...this.#config, channels: parseWebSocketOptions(options, 'websocket') };
    return this;
  }

  /**
   * Publishes to everyone who has joined a topic, WebSockets and event streams alike.
   *
   * @param data a string, bytes (for WebSockets), or anything with a JSON form
   * @returns the position of the message, where the topic has a history, and how many it was sent to
   */
  publish(
    topic: string,
    data: unknown,
    options: PublishOptions = {},
  ): Promise<{ readonly id: string | undefined; readonly subscribers: number }> {
    return this.#hub.publish(topic, data, options);
  }

  /** Who is in a topic: those who said who they are when they joined. */
  presence(topic: string): Promise<readonly Presence[]> {
    return this.#hub.presence(topic);
  }

  /** Told of each member who joins a topic or leaves it, once, however many channels it has. */
  onPresence(topic: string, handler: (change: PresenceChange) => unknown): this {
    this.#book.assertOpen('onPresence');
    this.#hub.onPresence(topic, assertHandler(handler, 'onPresence'));
    return this;
  }

  /**
   * Keeps the last messages of a topic, for who comes later or comes back.
   *
   * @param topic a name, or a prefix that ends in `*`
   */
  history(topic: string, options: { readonly size: number; readonly ttlMs?: number }): this {
    this.#book.assertOpen('history');
    this.#hub.history(topic, options);
    return this;
  }

  /**
   * Where the app keeps what all of its processes and machines share: rate limits, connected clients, topics with their
   * histories and presence. Without it, the memory of this process.
   *
   * @throws {ConfigError} on what is no backplane, or when something has used the one before
   */
  backplane(backplane: Backplane, ...rest: readonly never[]): this {
    this.#book.assertOpen('backplane');
    assertNoMore(rest, 'backplane');
    this.#shared.use(assertBackplane(backplane));
    return this;
  }

  /** Answers 200 while the server accepts requests, and 503 while it drains, for a load balancer. */
  ready(path = '/ready'): this {
    this.#book.assertOpen(`ready(${JSON.stringify(path)})`);
    this.#book.add(['GET'], path, { connectionRequired: false, rateLimit: false }, () =>
      this.#life.isDraining ? HttpResponse.text('DRAINING', { status: 503 }) : 'READY',
    );
    return this;
  }

  /** Runs when the server listens, once, in every mode. A hook that fails fails the start. */
  onStart(hook: Hook): this {
    return this.#hook(this.#hooks.start, hook, 'onStart');
  }

  /**
   * Runs when the server has stopped serving, once, in every mode; it has the rest of the drain's time, at least a
   * second.
   */
  onShutdown(hook: Hook): this {
    return this.#hook(this.#hooks.shutdown, hook, 'onShutdown');
  }

  /** Runs before everything else, once for the app, in every mode: for what exists once beside all child processes. */
  onPrimary(hook: Hook): this {
    return this.#hook(this.#hooks.primary, hook, 'onPrimary');
  }

  /** Runs once in each process that serves, before it does. With one process: once. */
  onWorkerStart(hook: Hook): this {
    return this.#hook(this.#hooks.workerStart, hook, 'onWorkerStart');
  }

  /** Runs once in each process that served, when its last connection is gone. With one process: once. */
  onWorkerStop(hook: Hook): this {
    return this.#hook(this.#hooks.workerStop, hook, 'onWorkerStop');
  }

  /**
   * Answers a request without a port, through the same pipeline: for tests, and wherever a standard fetch handler is
   * wanted. A string that begins with a slash is the request target as a client sends it.
   *
   * @example
   * const response = await server.fetch('/users/7');
   */
  get fetch(): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
    // Whoever hands it on has a use for the server.
    forgetStart(this.#idle);
    return this.#fetch;
  }

  readonly #fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    fetchPortless(this.#openPipeline(), this, this.#config.rules, input, init);

  static {
    throwAtCaller(this.prototype, {
      setCertificate: 1,
      debug: 1,
      setTimeout: 2,
      connect: ANY,
      disconnect: ANY,
      connectionRequired: 1,
      on: ANY,
      off: ANY,
      websocket: 1,
      onPresence: 2,
      history: 2,
      ready: 1,
      backplane: ANY,
      onStart: 1,
      onShutdown: 1,
      onPrimary: 1,
      onWorkerStart: 1,
      onWorkerStop: 1,
    });
    // Other frameworks have it, the types do not: who writes it is told what to write.
    const listen = function (this: HttpServer, ...args: unknown[]): never {
      throw atCaller(new ConfigError(explainStart('listen', args, this.#address.address)), listen);
    };
    Object.defineProperty(this.prototype, 'listen', { value: listen });
    upgrade = (server, target, headers) =>
      upgradePortless(server.#openPipeline(), server, server.#config.rules, target, headers);
  }

  #describeListening(): string {
    const { address, port } = this.getAddress();
    if (this.#address.protocol === 'unix') return `Listening on the socket ${address}.`;
    return `Listening on ${this.#config.tls === undefined ? 'http' : 'https'}://${address.includes(':') ? `[${address}]` : address}:${port}.`;
  }

  #hasRoutes(): boolean {
    const { routes, channelRoutes, eventsRoutes } = this.#book.registrations;
    return routes.length + channelRoutes.length + eventsRoutes.length > 0;
  }

  #stop(reason: StopReason, timeoutMs: number = this.#config.drainTimeoutMs): Promise<StopReport> {
    forgetStart(this.#idle);
    clearImmediate(this.#autostart);
    return this.#life.stop({ reason, timeoutMs, delayMs: this.#config.drainDelayMs });
  }

  #openRunner(): Runner {
    return createRunner(this.#mode, {
      at: this.#address,
      config: this.#config,
      hooks: this.#hooks,
      shared: this.#shared,
      clients: this.#registry,
      log: this.#log,
      serve: () => this.#serve(),
    });
  }

  #serve(): Serving {
    const edge = new Edge(this.#openPipeline(), this.#config, this, this.#log);
    return { edge, channels: this.#channels as ChannelRegistry };
  }

  #applyRunOptions(options: RunOptions): void {
    const { mode = 'concurrent', ...rest } = options;
    const known = parseRunMode(mode);
    const config = resolveOptions(this.#config, rest, 'run');
    if (config === this.#config && known === this.#mode) return;
    if (this.#life.hasBegun)
      throw new ConfigError(
        'The server has started; options given to run now would not reach it. Give them to the constructor.',
      );
    this.#config = config;
    this.#mode = known;
    this.#pipeline = undefined;
  }

  #openPipeline(): Pipeline {
    forgetStart(this.#idle);
    if (this.#pipeline !== undefined) return this.#pipeline;
    this.#connecting.complete(this.#guards.isConnectionRequired);
    const { registrations } = this.#book;
    this.#guards.onStoreError = this.#config.onStoreError;
    const config = configOf(this.#mode, this.#config);
    const turns = createTurns(this.#mode, config, this.#log);
    this.#channels = new ChannelRegistry(this.#config.channels);
    const channels = { hub: this.#hub, registry: this.#channels, config: this.#config.channels, turns, log: this.#log };
    this.#pipeline = new Pipeline(registrations, this.#guards, channels, config, this.#log);
    return this.#pipeline;
  }

  /** @throws {ConfigError} on a second argument, as those would give who takes this for an event emitter */
  #parseClient(address: unknown, rest: readonly unknown[], call: string): string {
    if (rest.length > 0)
      throw new ConfigError(
        `${call} marks a client by its address and takes no handler; hooks are onStart, onShutdown, connect and disconnect.`,
      );
    if (address === undefined) return this.getAddress().address;
    if (typeof address !== 'string' || address === '')
      throw new ConfigError(`${call} takes the address of a client, not ${JSON.stringify(address) ?? typeof address}.`);
    return unmapAddress(address);
  }

  #hook(list: Hook[], hook: Hook, call: string): this {
    this.#book.assertOpen(call);
    if (typeof hook !== 'function') throw new ConfigError(`${call} needs a function, not ${typeof hook}.`);
    list.push(hook);
    return this;
  }
}

/**
 * @throws {ConfigError} on anything that is no address, port or options; its stack begins where the app made a server
 */
function parseArguments(
  address: unknown,
  port: unknown,
  options: ServerOptions,
): { readonly at: ParsedAddress; readonly config: ServerConfig } {
  try {
    const explanation = explainServer(address, port, options);
    if (explanation !== undefined) throw new ConfigError(explanation);
    const at = parseAddress(address, port);
    const config = resolveOptions(DEFAULT_SERVER_CONFIG, options, 'the server');
    if (at.protocol === 'tls' && config.tls === undefined)
      throw new ConfigError('The address tls:// needs the option tls with a key and a cert.');
    return { at, config };
  } catch (error) {
    throw atCaller(error, HttpServer);
  }
}

/** A method as stacks know it. */
function entryOf(name: 'start' | 'run' | 'shutdown'): Entry {
  return Reflect.get(HttpServer.prototype, name) as Entry;
}

/** No options need no check, and no library to check them. */
function resolveOptions(base: ServerConfig, options: ServerOptions, owner: string): ServerConfig {
  if (typeof options === 'object' && options !== null && !Array.isArray(options) && Object.keys(options).length === 0)
    return base;
  return resolveServerConfig(base, options, owner);
}
