import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { WebSocketServer } from 'ws';
import type { Socket } from 'node:net';
import { HttpError } from '../../errors/http-error.ts';
import type { Connection } from '../connection.ts';
import type { Services } from '../exchange.ts';
import { nodeHttp } from '../node-http.ts';
import { interrupt, refuse } from '../refuse.ts';
import { UpgradeExchange, type Upgrade } from '../upgrade/upgrade-exchange.ts';
import { openWebSocketServer } from '../upgrade/websocket-server.ts';
import { HeadWatch } from './head-watch.ts';
import { HttpExchange } from './http-exchange.ts';
import { inspectHead } from './inspect-head.ts';
import { upgradable } from './upgradable.ts';
import { toParserError } from './parser-error.ts';

/**
 * The lane through node:http: a stock `http.Server` that never listens and is fed the connections of our listener.
 * Its parser, llhttp, is the judge of what is HTTP.
 */
export class HttpLane {
  readonly #server: Server;
  readonly #connections: WeakMap<Socket, Connection> = new WeakMap();
  readonly #watches: WeakMap<Socket, HeadWatch> = new WeakMap();
  readonly #services: Services;
  #websockets: WebSocketServer | undefined;

  constructor(services: Services) {
    const { config } = services;
    this.#services = services;
    this.#server = nodeHttp.createServer({
      // All deadlines are the edge's.
      headersTimeout: 0,
      requestTimeout: 0,
      // What a response says of it.
      keepAliveTimeout: config.keepAliveTimeoutMs,
      maxHeaderSize: config.maxHeaderBytes,
      // Refused with the other heads that node:http lets through, by our own error handlers.
      requireHostHeader: false,
      IncomingMessage: upgradable((message) => this.#takesUpgrade(message)),
    });
    // Heads are limited by their bytes, and their lines are counted by ourselves; node:http would drop lines silently.
    this.#server.maxHeadersCount = 0;
    // A client that closes its side after the request gets its answer; the option has no public name.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    // With Expect node:http would answer by itself; the exchange says 100 when the body is wanted, and 417.
    for (const event of ['request', 'checkContinue', 'checkExpectation'] as const) {
      this.#server.on(event, (message: IncomingMessage, response: ServerResponse) =>
        this.#onRequest(message, response),
      );
    }
    this.#server.on('upgrade', (message, socket, head) => this.#onUpgrade({ message, head }, socket as Socket));
    this.#server.on('connect', (_message, socket) => this.#onConnect(socket as Socket));
    this.#server.on('clientError', (error, socket) => this.#onClientError(error, socket as Socket));
    // Without a listener node:http would close connections that were idle for as long as its responses say.
    this.#server.on('timeout', () => {});
  }

  /**
   * @param bytesUsed how much of what was read belongs to no request that is served here, a TLS handshake for one
   */
  accept(connection: Connection, bytesUsed: number = connection.socket.bytesRead): void {
    this.#connections.set(connection.socket, connection);
    this.#server.emit('connection', connection.socket);
    const watch = new HeadWatch(connection.socket, this.#services.config.maxHeaderBytes);
    this.#watches.set(connection.socket, watch);
    connection.readParts(watch, bytesUsed);
  }

  /** Says in responses from now on how long the connection is kept. */
  keepAlive(ms: number): void {
    this.#server.keepAliveTimeout = ms;
  }

  /** Makes ready what else the first client would wait for. */
  warmUp(): void {
    if (this.#services.pipeline.hasUpgrades) this.#openWebSockets();
  }

  #openWebSockets(): WebSocketServer {
    return (this.#websockets ??= openWebSocketServer(this.#services.pipeline.websocketConfig));
  }

  #onRequest(message: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(message.socket) as Connection;
    const requestLine = this.#watches.get(message.socket)?.next(message);
    if (!connection.takesRequests) return;
    connection.admit(new HttpExchange(message, requestLine, response, connection, this.#services));
  }

  /**
   * Whether an upgrade goes to a route that takes it; any other offer is declined by an ordinary answer (RFC 9110
   * §7.8).
   */
  #takesUpgrade(message: IncomingMessage): boolean {
    const { upgrade, connection } = message.headers;
    if (upgrade === undefined || message.method !== 'GET' || message.httpVersion !== '1.1') return false;
    const isNamed = connection?.split(',').some((option) => option.trim().toLowerCase() === 'upgrade') === true;
    if (!isNamed || !this.#services.pipeline.takesUpgrade(message.url as string, upgrade.toLowerCase())) return false;
    const { refusal, hasBody } = inspectHead(message, this.#services.config);
    return refusal === undefined && !hasBody;
  }

  #onUpgrade(upgrade: Upgrade, socket: Socket): void {
    const connection = this.#connections.get(socket) as Connection;
    this.#watches.get(socket)?.stop();
    if (!connection.takesRequests) return;
    connection.admit(new UpgradeExchange(upgrade, () => this.#openWebSockets(), connection, this.#services));
  }

  /** CONNECT asks for a tunnel, which is no business of an origin server (RFC 9110 §9.3.6). */
  #onConnect(socket: Socket): void {
    const connection = this.#connections.get(socket) as Connection;
    this.#watches.get(socket)?.stop();
    refuse(connection, new HttpError(501, 'CONNECT is not served here.', { expose: true }), this.#services.pipeline);
  }

  /** What the parser refused. */
  #onClientError(cause: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(socket);
    // More of what was refused: the client is still sending.
    if (connection?.phase === 'ending' && cause.code?.startsWith('HPE_') === true) return;
    const error = toParserError(cause, this.#watches.get(socket)?.requestLine ?? '');
    if (connection === undefined || error === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    interrupt(connection, error, this.#services.pipeline);
  }
}
