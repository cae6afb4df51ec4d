import type { Server, Socket } from 'node:net';
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
import { unmapAddress } from '../request/client-address.ts';
import { Connection } from './connection.ts';
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
  readonly #perAddress: Map<string, number> = new Map();
  readonly #watch: ConnectionWatch;
  readonly #tls: TlsGate | undefined;
  #accepted = 0;
  #isDraining = false;
  /** Connections that were cut in the drain before its deadline. */
  #cut = 0;
  #onEmpty: (() => void) | undefined;
  /** Errors of the listener since one was logged, and when that was. */
  #untold = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(pipeline: Pipeline, config: ServerConfig, view: ServerView, log: LogHolder) {
    this.#pipeline = pipeline;
    this.#config = config;
    this.#log = log;
    this.#watch = new ConnectionWatch(this.#connections, config, (connection) => this.#onLate(connection));
    const services = { pipeline, config, view, rules: config.rules, log };
    this.#httpLane = new HttpLane(services);
    this.#fastLane =
      config.lane === 'fast' && config.tls === undefined ? new FastLane(services, this.#httpLane) : undefined;
    this.#tls = config.tls && new TlsGate(config.tls, config.headersTimeoutMs, (socket) => this.#open(socket));
    this.#listener = new Listener(
      (socket) => this.#accept(socket),
      (error) => this.#tellOfListener(error),
    );
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
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  /** How many were cut in the drain with something unsent, because their clients did not take it in time. */
  get cutCount(): number {
    return this.#cut;
  }

  /** Cuts what is left, after telling the handlers. Returns how many connections still had something to come. */
  terminate(): number {
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

  /** Counts and admits what the listener accepted, before a byte of it is read. */
  #accept(socket: Socket): void {
    const address = unmapAddress(socket.remoteAddress ?? '');
    const fromAddress = (this.#perAddress.get(address) ?? 0) + 1;
    const { maxConnections, maxConnectionsPerIp } = this.#config;
    // Clients of a unix socket have no address to tell them apart.
    if (this.#accepted >= maxConnections || (address !== '' && fromAddress > maxConnectionsPerIp)) {
      if (this.#log.verbose)
        this.#log.logger.debug({ address, connections: this.#accepted }, 'A connection over the limit was closed.');
      socket.destroy();
      return;
    }
    this.#accepted += 1;
    this.#perAddress.set(address, fromAddress);
    socket.on('close', () => this.#release(address));
    if (this.#tls === undefined) this.#open(socket);
    else this.#tls.accept(socket);
  }

  /** A shortage lasts, and every client who knocks meanwhile is an error: one line tells of many. */
  #tellOfListener(error: Error): void {
    const now = performance.now();
    this.#untold += 1;
    if (now - this.#toldAt < DEFAULTS.acceptErrorLogMs) return;
    this.#log.logger.error(
      { err: error, times: this.#untold, connections: this.#accepted },
      'A connection could not be accepted.',
    );
    this.#untold = 0;
    this.#toldAt = now;
  }

  #release(address: string): void {
    this.#accepted -= 1;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }

  /** Puts a socket that can carry HTTP on its lane. */
  #open(socket: Socket): void {
    const connection = new Connection(socket);
    this.#connections.add(connection);
    socket.on('close', () => {
      if (this.#isDraining && connection.wasCut) this.#cut += 1;
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#onEmpty?.();
    });
    (this.#fastLane ?? this.#httpLane).accept(connection);
    // Accepted by the kernel before the listener was closed: its request is on its way.
    if (this.#isDraining) this.#awaitHead(connection);
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
