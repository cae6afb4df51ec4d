import type { Server, Socket } from 'node:net';
import type { ServerAddress } from '../config/address.ts';
import type { ServerConfig } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import { RequestTimeoutError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import type { Pipeline } from '../pipeline.ts';
import type { ServerView } from '../request/request-source.ts';
import { Connection } from './connection.ts';
import { formatLastResponse } from './format-response.ts';
import { HttpLane } from './http-lane.ts';
import { Listener } from './listener.ts';
import { SilenceWatch } from './silence-watch.ts';

/** Everything of a server that touches sockets: the listener, the connections it accepted, and the lanes they run on. */
export class Edge {
  readonly #listener: Listener;
  readonly #lane: HttpLane;
  readonly #config: ServerConfig;
  readonly #pipeline: Pipeline;
  readonly #log: LogHolder;
  readonly #connections: Set<Connection> = new Set();
  readonly #perAddress: Map<string, number> = new Map();
  readonly #silence: SilenceWatch;
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  constructor(pipeline: Pipeline, config: ServerConfig, view: ServerView, log: LogHolder) {
    this.#pipeline = pipeline;
    this.#config = config;
    this.#log = log;
    this.#silence = new SilenceWatch(this.#connections, config);
    this.#lane = new HttpLane(pipeline, config, view, log);
    this.#listener = new Listener((socket) => this.#onConnection(socket));
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
  listen(at: ServerAddress): Promise<ServerAddress> {
    this.#silence.start();
    return this.#listener.listen(at, this.#config.backlog);
  }

  /**
   * Accepts nothing more and lets each connection end as it may: an idle one at once, one with requests under way
   * after the last answer, one with part of a head when the head is complete and answered, or a second later with 408.
   *
   * @returns a promise that resolves when no connection is left
   */
  drain(): Promise<void> {
    this.#isDraining = true;
    this.#listener.stopAccepting();
    for (const connection of this.#connections) this.#drainConnection(connection);
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  /** Cuts what is left, after telling the handlers. Returns how many connections that were. */
  terminate(): number {
    const left = [...this.#connections];
    for (const connection of left) {
      connection.abort(new AbortedError('The server stops and could not wait any longer.', 'ERR_PORTLIGHT_DRAIN_DEADLINE'));
      connection.socket.destroy();
    }
    return left.length;
  }

  /** To be called when no connection is left. */
  close(): void {
    this.#listener.stopAccepting();
    this.#silence.stop();
    this.#lane.close();
  }

  #onConnection(socket: Socket): void {
    const connection = new Connection(socket);
    const { address } = connection;
    const fromAddress = (this.#perAddress.get(address) ?? 0) + 1;
    if (this.#connections.size >= this.#config.maxConnections || fromAddress > this.#config.maxConnectionsPerIp) {
      if (this.#log.verbose) this.#log.logger.debug({ address, connections: this.#connections.size }, 'A connection over the limit was closed.');
      socket.destroy();
      return;
    }
    this.#connections.add(connection);
    this.#perAddress.set(address, fromAddress);
    socket.once('close', () => this.#onClose(connection));
    this.#lane.accept(connection);
    // Accepted by the kernel before the listener was closed: its request is on its way.
    if (this.#isDraining) this.#awaitHead(connection);
  }

  #onClose(connection: Connection): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(connection.address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(connection.address);
    else this.#perAddress.set(connection.address, left);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #drainConnection(connection: Connection): void {
    connection.isLast = true;
    if (connection.state === 'idle') connection.socket.destroy();
    if (connection.state === 'head') this.#awaitHead(connection);
  }

  #awaitHead(connection: Connection): void {
    connection.isLast = true;
    setTimeout(() => void this.#refuseHalfHead(connection), DEFAULTS.drainHeadMs).unref();
  }

  async #refuseHalfHead(connection: Connection): Promise<void> {
    if (connection.state === 'busy' || connection.isRefused) return;
    connection.isRefused = true;
    const response = await this.#pipeline.refuse(new RequestTimeoutError('The server stops before the request was complete.'));
    connection.end(formatLastResponse(response));
  }
}
