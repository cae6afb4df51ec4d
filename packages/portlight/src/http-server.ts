import { Assembly } from './assembly/assembly.ts';
import { type GuestHost, guestHostOf } from './assembly/guest-host.ts';
import { bridgeHandler } from './bridge/bridge.ts';
import { type BridgeOptions, parseBridgeOptions } from './bridge/bridge-options.ts';
import { describeListening } from './config/describe-listening.ts';
import { parseClientAddress } from './config/parse-client-address.ts';
import { parseServerArguments } from './config/parse-server-arguments.ts';
import { assertBackplane } from './backplane/assert-backplane.ts';
import type { Backplane } from './backplane/backplane.ts';
import type { ConnectHandler, DisconnectHandler } from './clients/client-registry.ts';
import { parsePort } from './config/address.ts';
import { assertHandler } from './config/assert-handler.ts';
import { assertNoMore } from './config/assert-no-more.ts';
import { explainStart } from './config/explain-server.ts';
import type { ServerOptions } from './config/server-options.ts';
import { assertShutdownOptions, type ShutdownOptions } from './config/shutdown-options.ts';
import { toMaxProcesses } from './config/max-processes.ts';
import { toSilenceMs } from './config/silence.ts';
import { assertTlsOptions, type TlsOptions } from './config/tls-options.ts';
import { parseWebSocketOptions, type WebSocketOptions } from './config/websocket-options.ts';
import { ANY, atCaller, type Entry, throwAtCaller } from './errors/at-caller.ts';
import { ConfigError } from './errors/config-error.ts';
import { ListenError } from './errors/listen-error.ts';
import type { PresenceChange } from './hub/hub.ts';
import type { Clients, Presence, PublishOptions, PublishResult } from './server-view.ts';
import { expectStart, forgetStart } from './lifecycle/forgotten-start.ts';
import type { Hook } from './lifecycle/hooks.ts';
import type { StopReport } from './lifecycle/stop-report.ts';
import { type Logger, parseLogger } from './log.ts';
import { upgradePortless } from './portless/upgrade-portless.ts';
import { freePort } from './ports/free-port.ts';
import { isPortFree } from './ports/is-port-free.ts';
import { HttpResponse } from './response/http-response.ts';
import type { WorkerInfo } from './runners/worker-info.ts';
import { readOptions } from './registration/read-route.ts';
import { bookOf, Router } from './router.ts';
import type { Server } from 'node:net';

/** Options of {@link HttpServer.run}: those of the server, over which they win, and the mode. */
export interface RunOptions extends ServerOptions {
  /**
   * `'concurrent'`: one process, every request as soon as it comes. `'sequential'`: one process, one at a time, in the
   * order in which they came. `'workers'`: child processes on one port, each as `'concurrent'`; see `setMaxProcesses`.
   * `'forked'`: child processes, each with one connection at a time, so that a handler that blocks delays nobody else.
   *
   * @default 'concurrent'
   */
  readonly mode?: 'concurrent' | 'sequential' | 'workers' | 'forked' | undefined;
}

/** Asks a server for a WebSocket without a port, for `portlight/testing`. Set by the class below. */
export let upgrade: (
  server: HttpServer,
  target: string,
  headers: Readonly<Record<string, string>>,
) => ReturnType<typeof upgradePortless>;

/**
 * What a package that brings a guest, a protocol of its own with a path on the port, finds in a server.
 *
 * @throws {ConfigError} for what is no server, or one of another copy of `portlight`
 */
export function hostGuest(server: HttpServer): GuestHost {
  if (hostOf(server) !== undefined) return hostOf(server) as GuestHost;
  throw new ConfigError(
    'A guest needs a server: an HttpServer of the same copy of portlight that its package finds. `npm ls portlight` shows several.',
  );
}

/** Set by the class below. */
let hostOf: (server: unknown) => GuestHost | undefined;

let lastId = 0;

/**
 * A server: routes, and the port they are served on.
 *
 * @example
 * const server = new HttpServer('127.0.0.1', 8080).get('/', () => 'Hello, World!');
 * await server.run(); // until SIGINT or SIGTERM
 */
export class HttpServer extends Router {
  readonly #id: number = ++lastId;
  readonly #parts: Assembly;

  /**
   * @param address an IP address, a host name, `tcp://host:port`, `tls://host:port` or `unix:///path`
   * @param port 0 to 65535; 0 takes any free one
   * @throws {ConfigError} on a bad address, port or option
   */
  constructor(address?: string, port?: number, options: ServerOptions = {}) {
    const { at, config } = parseServerArguments(address, port, options, HttpServer);
    super({ strictSlashes: config.strictSlashes });
    this.#parts = new Assembly(this.#id, at, config, bookOf(this));
    if (config.autostart) this.#parts.startSoon();
    else if (!this.#parts.isChild) expectStart(this.#parts, HttpServer);
  }

  /**
   * Resolves when the server listens. One start, however often it is called; after `shutdown` it starts again. In a
   * child process of a server it does nothing.
   *
   * @throws {ConfigError} for a server with child processes, which `run` starts
   * @throws {ListenError} when it cannot listen, `PortInUseError` among them
   * @throws {AbortedError} when it was stopped meanwhile and the stop could not wait for it
   */
  async start(...rest: readonly never[]): Promise<this> {
    if (rest.length > 0)
      throw atCaller(new ConfigError(explainStart('start', rest, this.#parts.at.address)), entryOf('start'));
    try {
      this.#parts.assertStartable();
    } catch (error) {
      throw atCaller(error, entryOf('start'));
    }
    this.#parts.claimStart();
    if (this.#parts.isChild) return this;
    const isFirst = !this.#parts.life.hasBegun;
    try {
      await this.#parts.life.start();
    } catch (error) {
      throw error instanceof ListenError ? atCaller(error, entryOf('start')) : error;
    }
    if (isFirst) this.#parts.log.logger.debug({}, describeListening(this.getAddress(), this.#parts));
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
    // What is wrong with it is said to who calls.
    forgetStart(this.#parts);
    try {
      if (
        typeof options !== 'object' ||
        options === null ||
        Array.isArray(options) ||
        'port' in options ||
        'host' in options ||
        rest.length > 0
      )
        throw new ConfigError(explainStart('run', [options, ...rest], this.#parts.at.address));
      this.#parts.applyRunOptions(options);
    } catch (error) {
      throw atCaller(error, entryOf('run'));
    }
    this.#parts.claimStart();
    try {
      return await this.#parts.run(() => describeListening(this.getAddress(), this.#parts));
    } catch (error) {
      throw error instanceof ListenError || error instanceof ConfigError ? atCaller(error, entryOf('run')) : error;
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
    const report = await this.#parts.shutdown(options.timeoutMs);
    if (options.kill === true && port !== 0) await this.freePortIfStuck(port);
    return report;
  }

  /** Whether it listens. */
  isConnected(): boolean {
    return this.#parts.face.isConnected();
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
    return freePort(parsePort(port), this.#parts.log.logger);
  }

  /**
   * Serves other certificates from the next TLS handshake on; connections that are open keep theirs.
   *
   * @throws {ConfigError} when they are not usable, or the server does not serve TLS; then nothing changes
   */
  setCertificate(tls: TlsOptions): this {
    if (this.#parts.config.tls === undefined)
      throw new ConfigError('This server does not serve TLS; give it the option tls.');
    assertTlsOptions(tls);
    this.#parts.config = { ...this.#parts.config, tls };
    this.#parts.life.service?.renewCertificates(tls);
    return this;
  }

  /** The bound address; before the start, the configured one. */
  getAddress(): { readonly address: string; readonly port: number } {
    return this.#parts.face.getAddress();
  }

  /** The accepting socket, or `undefined` while there is none. */
  getSocket(): Server | undefined {
    return this.isConnected() ? this.#parts.life.service?.server : undefined;
  }

  /**
   * The processes that serve: the children, or in the modes of one process that one. None before the start.
   *
   * @example
   * server.get('/health', async () => ({ workers: await server.workers() }));
   */
  workers(): Promise<readonly WorkerInfo[]> {
    return this.#parts.workers();
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
    this.#parts.useLogger(parseLogger(to), to !== false);
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
    this.#parts.book.assertOpen('setTimeout');
    this.#parts.config = { ...this.#parts.config, silenceMs: toSilenceMs(seconds, microseconds) };
    return this;
  }

  /**
   * How many child processes serve at most, in the modes that have them. Without it, in `'workers'` as many as this
   * process may keep processors busy, what the quota of its container allows; in `'forked'` 10.
   *
   * @param count 1 to 1,024
   * @throws {ConfigError} on anything else
   */
  setMaxProcesses(count: number): this {
    this.#parts.book.assertOpen('setMaxProcesses');
    this.#parts.config = { ...this.#parts.config, maxProcesses: toMaxProcesses(count) };
    return this;
  }

  /**
   * Serves `GET /connect`, by which a client connects: it is in `server.clients` from then on. The handler is told once
   * for each client; what it throws is the answer, and the client is not connected.
   */
  connect(handler?: ConnectHandler, ...rest: readonly never[]): this {
    this.#parts.book.assertOpen('connect');
    assertNoMore(rest, 'connect');
    if (handler !== undefined) assertHandler(handler, 'connect');
    this.#parts.connecting.serve('connect');
    if (handler !== undefined) this.#parts.clients.onConnect(handler);
    return this;
  }

  /**
   * Serves `GET /disconnect`, by which a client disconnects. The handler is told once for each client, whatever ended
   * it.
   */
  disconnect(handler?: DisconnectHandler, ...rest: readonly never[]): this {
    this.#parts.book.assertOpen('disconnect');
    assertNoMore(rest, 'disconnect');
    if (handler !== undefined) assertHandler(handler, 'disconnect');
    this.#parts.connecting.serve('disconnect');
    if (handler !== undefined) this.#parts.clients.onDisconnect(handler);
    return this;
  }

  /**
   * Refuses clients that have not asked for `/connect` with 403. That path, `/disconnect`, ping and ready stay open.
   */
  connectionRequired(isRequired = true): this {
    this.#parts.book.assertOpen('connectionRequired');
    if (typeof isRequired !== 'boolean')
      throw new ConfigError(`connectionRequired takes true or false, not ${String(isRequired)}.`);
    this.#parts.guards.isConnectionRequired = isRequired;
    return this;
  }

  /** Who is connected. */
  get clients(): Clients {
    return this.#parts.clients;
  }

  /**
   * Marks a client as connected. No method of events: it takes no handler.
   *
   * @param address what identifies the client; without it, the server's own address
   */
  on(address?: string, ...rest: readonly never[]): Promise<void> {
    const id = parseClientAddress(address, rest, 'on') ?? this.getAddress().address;
    return this.#parts.mark(this.#parts.clients.connect(id, id, 'manual'));
  }

  /** Marks a client as disconnected. @param address as of {@link on} */
  off(address?: string, ...rest: readonly never[]): Promise<void> {
    const id = parseClientAddress(address, rest, 'off') ?? this.getAddress().address;
    return this.#parts.mark(this.#parts.clients.disconnect(id, 'manual'));
  }

  /**
   * How WebSockets are served, once there is an `accept` route: with these options, or not at all.
   *
   * @throws {ConfigError} on an unknown option or a value out of range
   */
  websocket(options: boolean | WebSocketOptions = true): this {
    this.#parts.book.assertOpen('websocket');
    this.#parts.config = { ...this.#parts.config, channels: parseWebSocketOptions(options, 'websocket') };
    return this;
  }

  /**
   * Publishes to everyone who has joined a topic, WebSockets and event streams alike.
   *
   * @param data a string, bytes (for WebSockets), or anything with a JSON form
   * @returns the position of the message, where the topic has a history, and how many it was sent to
   */
  publish(topic: string, data: unknown, options: PublishOptions = {}): Promise<PublishResult> {
    return this.#parts.hub.publish(topic, data, options);
  }

  /** Who is in a topic: those who said who they are when they joined. */
  presence(topic: string): Promise<readonly Presence[]> {
    return this.#parts.hub.presence(topic);
  }

  /** Told of each member who joins a topic or leaves it, once, however many channels it has. */
  onPresence(topic: string, handler: (change: PresenceChange) => unknown): this {
    this.#parts.book.assertOpen('onPresence');
    this.#parts.hub.onPresence(topic, assertHandler(handler, 'onPresence'));
    return this;
  }

  /**
   * Keeps the last messages of a topic, for who comes later or comes back.
   *
   * @param topic a name, or a prefix that ends in `*`
   */
  history(topic: string, options: { readonly size: number; readonly ttlMs?: number }): this {
    this.#parts.book.assertOpen('history');
    this.#parts.hub.history(topic, options);
    return this;
  }

  /**
   * Where the app keeps what all of its processes and machines share: rate limits, connected clients, topics with their
   * histories and presence. Without it, the memory of this process.
   *
   * @throws {ConfigError} on what is no backplane, or when something has used the one before
   */
  backplane(backplane: Backplane, ...rest: readonly never[]): this {
    this.#parts.book.assertOpen('backplane');
    assertNoMore(rest, 'backplane');
    this.#parts.shared.use(assertBackplane(backplane));
    return this;
  }

  /**
   * Has other programs publish: `POST` JSON to the path, `{ topic, data, event, id, … }`, with a secret or a signature
   * made by it. The answer is what `publish` resolves to.
   *
   * @param options `secrets`, by their names; without one that is set the path answers 404
   * @throws {ConfigError} on an unknown option, or a secret of fewer than 32 bytes
   */
  bridge(path: string, options: BridgeOptions, ...rest: readonly never[]): this {
    const { book, shared, hub, log } = this.#parts;
    const call = `bridge(${JSON.stringify(path)})`;
    book.assertOpen(call);
    assertNoMore(rest, 'bridge');
    const { secrets, route } = parseBridgeOptions(options);
    const handler = bridgeHandler(secrets, shared, (...args) => hub.publish(...args));
    if (secrets.size > 0)
      book.add(['POST'], path, { ...readOptions(route, call), connectionRequired: false }, handler, true);
    else if (!this.#parts.isChild) log.logger.warn({}, `${call} is off: none of its secrets is set.`);
    return this;
  }

  /** Answers 200 while the server accepts requests, and 503 while it drains, for a load balancer. */
  ready(path = '/ready'): this {
    this.#parts.book.assertOpen(`ready(${JSON.stringify(path)})`);
    const answer = (): unknown =>
      this.#parts.life.isDraining ? HttpResponse.text('DRAINING', { status: 503 }) : 'READY';
    this.#parts.book.add(['GET'], path, { connectionRequired: false, rateLimit: false }, answer, true);
    return this;
  }

  /** Runs when the server listens, once, in every mode. A hook that fails fails the start. */
  onStart(hook: Hook): this {
    return this.#hook(this.#parts.hooks.start, hook, 'onStart');
  }

  /**
   * Runs when the server has stopped serving, or its start has failed, once, in every mode; it has the rest of the
   * drain's time, at least a second.
   */
  onShutdown(hook: Hook): this {
    return this.#hook(this.#parts.hooks.shutdown, hook, 'onShutdown');
  }

  /** Runs before everything else, once for the app, in every mode: for what exists once beside all child processes. */
  onPrimary(hook: Hook): this {
    return this.#hook(this.#parts.hooks.primary, hook, 'onPrimary');
  }

  /** Runs once in each process that serves, before it does. With one process: once. */
  onWorkerStart(hook: Hook): this {
    return this.#hook(this.#parts.hooks.workerStart, hook, 'onWorkerStart');
  }

  /**
   * Runs once in each process that served, when its last connection is gone. With one process: once. Where the start
   * fails after an `onWorkerStart` hook has begun, then.
   */
  onWorkerStop(hook: Hook): this {
    return this.#hook(this.#parts.hooks.workerStop, hook, 'onWorkerStop');
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
    forgetStart(this.#parts);
    return this.#parts.face.fetch;
  }

  static {
    throwAtCaller(this.prototype, {
      setCertificate: 1,
      debug: 1,
      setTimeout: 2,
      setMaxProcesses: 1,
      connect: ANY,
      disconnect: ANY,
      connectionRequired: 1,
      on: ANY,
      off: ANY,
      websocket: 1,
      onPresence: 2,
      history: 2,
      ready: 1,
      bridge: ANY,
      backplane: ANY,
      onStart: 1,
      onShutdown: 1,
      onPrimary: 1,
      onWorkerStart: 1,
      onWorkerStop: 1,
    });
    // Other frameworks have it, the types do not: who writes it is told what to write.
    const listen = function (this: HttpServer, ...args: unknown[]): never {
      throw atCaller(new ConfigError(explainStart('listen', args, this.#parts.at.address)), listen);
    };
    Object.defineProperty(this.prototype, 'listen', { value: listen });
    hostOf = (server) =>
      typeof server === 'object' && server !== null && #parts in server ? guestHostOf(server.#parts) : undefined;
    upgrade = (server, target, headers) =>
      upgradePortless(server.#parts.pipeline, server.#parts.face, server.#parts.config.rules, target, headers);
  }

  #hook(list: Hook[], hook: Hook, call: string): this {
    this.#parts.book.assertOpen(call);
    if (typeof hook !== 'function') throw new ConfigError(`${call} needs a function, not ${typeof hook}.`);
    list.push(hook);
    return this;
  }
}

/** A method as stacks know it. */
function entryOf(name: 'start' | 'run' | 'shutdown'): Entry {
  return Reflect.get(HttpServer.prototype, name) as Entry;
}
