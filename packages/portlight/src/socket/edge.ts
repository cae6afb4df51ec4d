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
import { loadFormParser } from '../request/multipart.ts';
import type { ServerView } from '../request/request-source.ts';
import { Connection } from './connection.ts';
import { Door } from './door.ts';
import { ConnectionWatch } from './connection-watch.ts';
import { FastLane } from './fast-lane/fast-lane.ts';
import { HttpLane } from './http-lane/http-lane.ts';
import { Listener } from '../ports/listener.ts';
import { interrupt, refuse } from './refuse.ts';
import { TlsGate } from './tls-gate.ts';

/**
 * Everything of a server that touches sockets: the listener, the connections it accepted, and the lanes they run on.
 */
export class Edge {
  readonly #listener: Listener;
  readonly #httpLane: HttpLane;
  /** Takes what it can, and gives the rest to the other; not behind TLS, which node:http serves as well. */
  readonly #fastLane: FastLane | undefined;
  readonly #config: ServerConfig;
  readonly #pipeline: Pipeline;
  readonly #log: LogHolder;
  readonly #connections: Set<Connection> = new Set();
  readonly #door: Door;
  readonly #watch: ConnectionWatch;
  readonly #tls: TlsGate | undefined;
  #isDraining = false;
  /** Connections that were cut in the drain before its deadline. */
  #cut = 0;
  #onEmpty: (() => void) | undefined;
  /** Errors of the listener since one was logged, and when that was. */
  #untold = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param admission who may connect */
  constructor(
    pipeline: Pipeline,
    config: ServerConfig,
    view: ServerView,
    log: LogHolder,
    admission: Admission = new MemoryAdmission(config.maxConnections, config.maxConnectionsPerIp),
  ) {
    this.#pipeline = pipeline;
    this.#config = config;
    this.#log = log;
    this.#watch = new ConnectionWatch(this.#connections, config, (connection) => this.#onLate(connection));
    const services = { pipeline, config, view, rules: config.rules, log };
    this.#httpLane = new HttpLane(services);
    this.#fastLane =
      config.lane === 'fast' && config.tls === undefined ? new FastLane(services, this.#httpLane) : undefined;
    this.#tls = config.tls && new TlsGate(config.tls, config.headersTimeoutMs, (socket) => this.#open(socket));
    const failed = (error: Error): void => this.#tellOfAccept(error);
    const entered = (socket: Socket): void => this.#enter(socket);
    this.#door = new Door(admission, { entered, left: () => this.#note(), failed }, log);
    this.#listener = new Listener((socket) => this.#door.accept(socket), failed);
  }

  get server(): Server {
    return this.#listener.server;
  }

  get isListening(): boolean {
    return this.#listener.isListening;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** @throws {ListenError} when it cannot listen there */
  async listen(at: ParsedAddress): Promise<ServerAddress> {
    this.#watch.start();
    const address = await this.#listener.listen(at, this.#config.backlog);
    setImmediate(() => this.#warmUp());
    return address;
  }

  /** Evaluates the large libraries once it listens: neither the start nor a client waits for them. */
  #warmUp(): void {
    loadFormParser();
    loadMediaTypes();
    this.#httpLane.warmUp();
  }

  /**
   * Accepts nothing more and lets each connection end as it may: an idle one at once, one with requests under way after
   * the last answer, one with part of a head when the head is complete and answered, or a second later with 408, and
   * then has a second more to be read.
   *
   * @returns a promise that resolves when no connection is left
   */
  drain(): Promise<void> {
    this.#isDraining = true;
    this.#listener.stopAccepting();
    this.#tls?.abort();
    for (const connection of this.#connections) connection.closeAfterNext();
    // What lies in the kernel for us already is read first: it was sent before the client could know.
    setImmediate(() => setImmediate(() => this.#closeQuiet()));
    if (this.#isEmpty) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  /** How many were cut in the drain with something unsent, because their clients did not take it in time. */
  get cutCount(): number {
    return this.#cut;
  }

  /** Cuts what is left, after telling the handlers. Returns how many connections still had something to come. */
  terminate(): number {
    this.#door.close();
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
    this.#listener.stopAccepting();
    this.#watch.stop();
  }

  /** A shortage lasts, and every client who knocks meanwhile is an error: one line tells of many. */
  #tellOfAccept(error: Error): void {
    const now = performance.now();
    this.#untold += 1;
    if (now - this.#toldAt < DEFAULTS.acceptErrorLogMs) return;
    this.#log.logger.error(
      { err: error, times: this.#untold, connections: this.#connections.size },
      'A connection could not be accepted.',
    );
    this.#untold = 0;
    this.#toldAt = now;
  }

  /** Puts a socket that can carry HTTP on its lane. */
  #open(socket: Socket): void {
    const connection = new Connection(socket);
    this.#connections.add(connection);
    socket.on('close', () => {
      if (this.#isDraining && connection.wasCut) this.#cut += 1;
      this.#connections.delete(connection);
      this.#note();
    });
    (this.#fastLane ?? this.#httpLane).accept(connection);
    // Accepted by the kernel before the listener was closed: its request is on its way.
    if (this.#isDraining) this.#awaitHead(connection);
  }

  /** One who was here is not any more. */
  #note(): void {
    if (this.#isEmpty) this.#onEmpty?.();
  }

  #enter(socket: Socket): void {
    if (this.#tls === undefined) this.#open(socket);
    else if (this.#isDraining) socket.destroy();
    else this.#tls.accept(socket);
  }

  /** Whether nobody is served, and nobody waits to be. */
  get #isEmpty(): boolean {
    return this.#connections.size === 0 && this.#door.waitingCount === 0;
  }

  #onLate(connection: Connection): void {
    interrupt(connection, new RequestTimeoutError('The request did not arrive in time.'), this.#pipeline);
  }

  /** What a client has not yet taken of its last answer, it still gets. */
  #closeQuiet(): void {
    for (const connection of this.#connections) {
      if (connection.state === 'idle') connection.close();
      else if (connection.state === 'head') this.#awaitHead(connection);
    }
  }

  #awaitHead(connection: Connection): void {
    connection.closeAfterNext();
    const error = new RequestTimeoutError('The server stops before the request was complete.');
    const giveUp = (): void => {
      if (connection.state !== 'busy') refuse(connection, error, this.#pipeline, DEFAULTS.drainHeadMs);
    };
    // What has come by then is read first, however late the timer is.
    setTimeout(() => setImmediate(giveUp), DEFAULTS.drainHeadMs).unref();
  }
}
