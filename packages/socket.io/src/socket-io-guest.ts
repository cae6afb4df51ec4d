import type { Server as EngineServer } from 'engine.io';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError, type HttpRequest, ServiceUnavailableError } from 'portlight';
import type { GuestHost, LentExchange, LentUpgrade, Taker } from 'portlight/guests';
import type { Server } from 'socket.io';
import { passPoll, passUpgrade, type Passing } from './forwarding/pass-on.ts';
import { processOf, sessionIdOf } from './forwarding/session-id.ts';
import { doorOf } from './forwarding/sibling-door.ts';
import { keepRequest } from './portlight-request.ts';
import { serveClient } from './serve-client.ts';

/** How long what is passed on goes on when this process stops, in ms. */
const PASSED_MS = 500;

/** How long clients have for their part of a close, in ms: none may hold up a stop. */
const CLOSING_MS = 1_000;

/** That of ws, or one of the option `wsEngine`. */
interface WebSocketServer extends EventEmitter {
  readonly options?: { closeTimeout?: number };
}

/** What the guest works with. */
export interface GuestParts {
  readonly host: GuestHost;
  readonly io: Server;
  readonly engine: EngineServer;
  /** Without the slash at its end. */
  readonly path: string;
  readonly processName: string;
  readonly allowsOrigin: (origin: string) => boolean;
}

/** Answers what comes to the path of Socket.IO, by its engine, or by that of the child process that has the session. */
export class SocketIoGuest implements Taker {
  readonly allowsOrigin: (origin: string) => boolean;
  readonly #parts: GuestParts;
  readonly #passing: Passing = new Set();
  /** Of upgrades: what guards, middleware and routers have said. */
  readonly #fields: WeakMap<IncomingMessage, LentUpgrade['fields']> = new WeakMap();
  #isStopping = false;
  /** Ends what is passed on, also what begins in the course of the stop. */
  #cut: NodeJS.Timeout | undefined;

  constructor(parts: GuestParts) {
    this.#parts = parts;
    this.allowsOrigin = parts.allowsOrigin;
    const { engine } = parts;
    this.#dressHandshakes();
    // A handshake may have waited for middleware.
    engine.on('connection', (session: { close(discard: boolean): void }) => {
      if (this.#isStopping) session.close(true);
    });
  }

  /** The server begins to serve, maybe again. */
  start(): void {
    if (this.#isStopping) {
      this.#parts.engine['init']();
      this.#dressHandshakes();
    }
    this.#isStopping = false;
    clearInterval(this.#cut);
  }

  /** Lets the 101 have what the server says of it; the engine makes its WebSocket server anew with each start. */
  #dressHandshakes(): void {
    const { ws } = this.#parts.engine as unknown as { readonly ws?: WebSocketServer };
    if (ws?.options !== undefined) ws.options.closeTimeout = CLOSING_MS;
    ws?.on('headers', (lines: string[], message: IncomingMessage) => {
      for (const [name, value] of this.#fields.get(message) ?? []) lines.push(`${name}: ${value}`);
    });
  }

  request(request: HttpRequest, lent: LentExchange): void {
    const { io, engine, path } = this.#parts;
    const message = lent.message as IncomingMessage;
    const response = lent.response as ServerResponse;
    if (serveClient(io, request.path.slice(path.length + 1), message, response)) return;
    const sessionId = sessionIdOf(message);
    this.#assertAnswerable(sessionId);
    const owner = this.#foreignOwner(sessionId);
    if (owner !== undefined) return passPoll(message, response, doorOf(owner), this.#passing);
    keepRequest(message, request);
    engine.handleRequest(message, response);
  }

  upgrade(request: HttpRequest, lent: LentUpgrade): void {
    const message = lent.message as IncomingMessage;
    const owner = this.#foreignOwner(sessionIdOf(message));
    if (owner !== undefined) return passUpgrade(lent, doorOf(owner), this.#passing);
    keepRequest(message, request);
    this.#fields.set(message, lent.fields);
    this.#parts.engine.handleUpgrade(message, lent.socket, lent.head);
  }

  /** Clients hear a close, which has them connect again: to another process, or when this one is there again. */
  stop(): void {
    const { io, host } = this.#parts;
    this.#isStopping = true;
    io.close().catch((error: unknown) => host.log.error({ err: error }, 'Socket.IO could not be closed.'));
    // Where all stop, the processes that have the sessions say so themselves.
    this.#cut = setInterval(() => this.#passing.forEach((each) => each.destroy()), PASSED_MS).unref();
  }

  /** @throws {HttpError} */
  #assertAnswerable(sessionId: string | undefined): void {
    if (this.#parts.host.mode === 'forked')
      throw new HttpError(
        400,
        "With a process for each connection there is no long polling; have the client connect with transports: ['websocket'].",
        { code: 'ERR_PORTLIGHT_POLLING_UNSUPPORTED' },
      );
    if (this.#isStopping && sessionId === undefined)
      throw new ServiceUnavailableError('The server stops.', { expose: true, headers: { 'retry-after': '1' } });
  }

  /** The name of the child process that has the session, where that is another one. */
  #foreignOwner(sessionId: string | undefined): string | undefined {
    if (this.#parts.host.mode !== 'workers') return undefined;
    const owner = processOf(sessionId);
    return owner === this.#parts.processName ? undefined : owner;
  }
}
