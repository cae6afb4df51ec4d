import type { Server, Socket } from 'node:net';
import type { Admission } from '../backplane/admission.ts';
import { MemoryAdmission } from '../backplane/memory-admission.ts';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import type { ServerConfig } from '../config/server-options.ts';
import type { TlsOptions } from '../config/tls-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import { RequestTimeoutError } from '../errors/http-error.ts';
import { loadMediaTypes } from '../fields/media-type.ts';
import type { LogHolder } from '../log.ts';
import type { Pipeline } from '../pipeline.ts';
import { Listener } from '../ports/listener.ts';
import { loadFormParser } from '../request/multipart.ts';
import type { ServerView } from '../server-view.ts';
import { AcceptErrors } from './accept-errors.ts';
import { Connection } from './connection.ts';
import { ConnectionWatch } from './connection-watch.ts';
import { Door } from './door.ts';
import { FastLane } from './fast-lane/fast-lane.ts';
import { HttpLane } from './http-lane/http-lane.ts';
import { interrupt } from './refuse.ts';
import { TlsGate } from './tls-gate.ts';

/** Where the sockets of an edge come from, and what becomes of them. */
export interface EdgeOptions {
  /** What accepts; `null` where all sockets are given to `take`. @default a listener of its own */
  readonly listener?: Listener | null | undefined;
  /** Who may connect. @default what the configuration says, counted in this process */
  readonly admission?: Admission | undefined;
  /** Of TLS sessions, 48 bytes, where others shall be able to resume them. @default made at random */
  readonly ticketKeys?: Buffer | undefined;
  /** Called when a socket is closed that was accepted or taken, once, also where it was turned away. */
  readonly onEnd?: ((socket: Socket) => void) | undefined;
}

/**
 * What a drain does with connections on which nothing is under way. `'now'`: closes them. `'after-response'`: lets each
 * have one more answer, which says that it is the last one, so that no request of a client that goes on asking is lost;
 * one that stays silent is closed after a while.
 */
export type DrainIdle = 'now' | 'after-response';

/** All connections of a server, wherever they were accepted, and the lanes they run on. */
export class Edge {
  readonly #listener: Listener | null;
  readonly #httpLane: HttpLane;
  /** Takes what it can, and gives the rest to the other; not behind TLS, which node:http serves as well. */
  readonly #fastLane: FastLane | undefined;
  readonly #config: ServerConfig;
  readonly #pipeline: Pipeline;
  readonly #connections: Set<Connection> = new Set();
  readonly #door: Door;
  readonly #watch: ConnectionWatch;
  readonly #tls: TlsGate | undefined;
  readonly #onEnd: EdgeOptions['onEnd'];
  #keepAliveMs: number;
  #draining: DrainIdle | undefined;
  /** Connections that were cut in the drain before its deadline. */
  #cut = 0;
  #onEmpty: (() => void)[] = [];
  /** Those of connections that are closed. */
  #pastRequests = 0;

  constructor(
    pipeline: Pipeline,
    config: ServerConfig,
    view: ServerView,
    log: LogHolder,
    { listener = new Listener(), admission, ticketKeys, onEnd }: EdgeOptions = {},
  ) {
    this.#pipeline = pipeline;
    this.#config = config;
    this.#keepAliveMs = config.keepAliveTimeoutMs;
    this.#onEnd = onEnd;
    this.#watch = new ConnectionWatch(this.#connections, config, (connection) => this.#onLate(connection));
    const services = { pipeline, config, view, rules: config.rules, log };
    this.#httpLane = new HttpLane(services);
    this.#fastLane =
      config.lane === 'fast' && config.tls === undefined ? new FastLane(services, this.#httpLane) : undefined;
    this.#tls =
      config.tls && new TlsGate(config.tls, ticketKeys, config.headersTimeoutMs, (socket) => this.#open(socket));
    const errors = new AcceptErrors(log, () => this.#connections.size);
    this.#door = new Door(
      admission ?? new MemoryAdmission(config.maxConnections, config.maxConnectionsPerIp),
      {
        entered: (socket) => this.#enter(socket),
        left: (socket) => this.#leave(socket),
        failed: (error) => errors.tell(error),
      },
      log,
    );
    this.#listener = listener;
    listener?.feed(
      (socket) => this.#door.accept(socket),
      (error) => errors.tell(error),
    );
  }

  /** What listens; `undefined` where all sockets are given to `take`. */
  get server(): Server | undefined {
    return this.#listener?.server;
  }

  get isListening(): boolean {
    return this.#listener?.isListening ?? false;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** With those that are about to become connections, or are turned away. */
  get socketCount(): number {
    return this.#door.count;
  }

  /** How many requests have come. */
  get requestCount(): number {
    let count = this.#pastRequests;
    for (const { requests } of this.#connections) count += requests;
    return count;
  }

  /** Begins to serve what it is given. */
  open(): void {
    this.#watch.start();
    setImmediate(() => this.#warmUp());
  }

  /**
   * Begins to serve what its listener accepts.
   *
   * @throws {ListenError} when it cannot listen there
   */
  async listen(at: ParsedAddress): Promise<ServerAddress> {
    if (this.#listener === null) throw new Error('An edge without a listener cannot listen.');
    this.open();
    return this.#listener.listen(at, this.#config.backlog);
  }

  /**
   * Serves a connection that was accepted elsewhere. Whoever had it must have stopped reading, and put back what was
   * read of it.
   */
  take(socket: Socket): void {
    if (socket.destroyed) {
      this.#onEnd?.(socket);
      return;
    }
    // As of those that the listener accepts.
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    this.#door.accept(socket);
  }

  /**
   * How long clients may be silent between two requests, from now on, in ms; responses tell them. `0`: each connection
   * ends with its next response, or when its client sends none for 2 s.
   */
  keepAlive(ms: number): void {
    this.#keepAliveMs = ms;
    this.#httpLane.keepAlive(ms);
    this.#fastLane?.keepAlive(ms);
    this.#watch.keepAlive(ms === 0 ? DEFAULTS.closingSilenceMs : ms);
    if (ms === 0) for (const connection of this.#connections) connection.closeAfterNext();
  }

  /**
   * Accepts nothing more and lets each connection end as it may: one with requests under way after the last answer, an
   * idle one as `idle` says. Where idle ones are closed at once, one with part of a head ends when the head is complete
   * and answered, or a second later with 408, and then has a second more to be read.
   *
   * A drain that lets idle ones go on may be followed by one that does not.
   *
   * @returns a promise that resolves when no connection is left
   */
  drain({ idle = 'now' }: { readonly idle?: DrainIdle } = {}): Promise<void> {
    this.#listener?.stopAccepting();
    if (idle === 'now') this.#drainNow();
    else if (this.#draining === undefined) {
      this.#draining = idle;
      this.keepAlive(0);
    }
    if (this.#door.count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** How many were cut in the drain with something unsent, because their clients did not take it in time. */
  get cutCount(): number {
    return this.#cut;
  }

  /** Cuts what is left, after telling the handlers. Returns how many connections still had something to come. */
  terminate(): number {
    this.#door.close();
    this.#tls?.abort();
    const left = [...this.#connections];
    const cut = left.filter(
      (connection) =>
        connection.socket.writableLength > 0 || (connection.phase !== 'ending' && connection.state !== 'idle'),
    ).length;
    for (const connection of left) {
      connection.abort(
        new AbortedError('The server stops and could not wait any longer.', 'ERR_PORTLIGHT_DRAIN_DEADLINE'),
      );
      connection.socket.destroy();
    }
    return cut;
  }

  /** From now on TLS handshakes use other certificates. */
  renewCertificates(options: TlsOptions): void {
    this.#tls?.renew(options);
  }

  /** To be called when no connection is left. */
  close(): void {
    this.#listener?.stopAccepting();
    this.#watch.stop();
  }

  /** Evaluates the large libraries once it serves: neither the start nor a client waits for them. */
  #warmUp(): void {
    loadFormParser();
    loadMediaTypes();
    this.#httpLane.warmUp();
  }

  #enter(socket: Socket): void {
    if (this.#tls === undefined) this.#open(socket);
    // Nothing was asked yet.
    else if (this.#draining === 'now') socket.destroy();
    else this.#tls.accept(socket);
  }

  #leave(socket: Socket): void {
    this.#onEnd?.(socket);
    if (this.#door.count > 0) return;
    const listeners = this.#onEmpty;
    this.#onEmpty = [];
    for (const listener of listeners) listener();
  }

  /** Puts a socket that can carry HTTP on its lane. */
  #open(socket: Socket): void {
    const connection = new Connection(socket);
    this.#connections.add(connection);
    socket.on('close', () => {
      if (this.#draining !== undefined && connection.wasCut) this.#cut += 1;
      this.#connections.delete(connection);
      this.#pastRequests += connection.requests;
    });
    if (this.#keepAliveMs === 0) connection.closeAfterNext();
    (this.#fastLane ?? this.#httpLane).accept(connection);
    // Whoever had it before may have stopped it.
    if (socket.isPaused()) socket.resume();
    // Accepted by the kernel before the listener was closed: its request is on its way.
    if (this.#draining === 'now') this.#awaitHead(connection);
  }

  #onLate(connection: Connection): void {
    interrupt(connection, new RequestTimeoutError('The request did not arrive in time.'), this.#pipeline);
  }

  #drainNow(): void {
    if (this.#draining === 'now') return;
    this.#draining = 'now';
    this.#tls?.abort();
    for (const connection of this.#connections) {
      connection.closeAfterNext();
      connection.hurry();
    }
    // What lies in the kernel for us already is read first: it was sent before the client could know.
    setImmediate(() =>
      setImmediate(() => {
        for (const connection of this.#connections) connection.whenAtRest(() => this.#closeQuiet(connection));
      }),
    );
  }

  /** Nothing is under way. What a client has not yet taken of its last answer, it still gets. */
  #closeQuiet(connection: Connection): void {
    if (connection.phase !== 'last') return;
    if (connection.state === 'idle') connection.close();
    else this.#awaitHead(connection);
  }

  #awaitHead(connection: Connection): void {
    connection.closeAfterNext();
    connection.hurry();
    const error = new RequestTimeoutError('The server stops before the request was complete.');
    const giveUp = (): void => {
      if (connection.state !== 'busy') interrupt(connection, error, this.#pipeline);
    };
    // What has come by then is read first, however late the timer is.
    setTimeout(() => setImmediate(giveUp), DEFAULTS.drainHeadMs).unref();
  }
}
