import type { IncomingMessage } from 'node:http';
import type { WebSocketServer } from 'ws';
import type { MessageWire } from '../../channels/message-wire.ts';
import { giveUpChannel } from '../../handlers/accept-upgrade.ts';
import { upgradeOf } from '../../handlers/takeover.ts';
import { isPromiseLike } from '../../response/is-promise-like.ts';
import type { HttpResponse } from '../../response/http-response.ts';
import type { Connection } from '../connection.ts';
import { Exchange, type Services } from '../exchange.ts';
import { formatLastResponse } from '../format-response.ts';
import { closeCodeOf, type TellingWebSocket } from './websocket-server.ts';
import { WebSocketWire } from './websocket-wire.ts';

/** What node:http handed over with an upgrade. */
export interface Upgrade {
  readonly message: IncomingMessage;
  /** What came behind the head. */
  readonly head: Buffer;
}

/** One request to speak another protocol, and who takes it from there, or the response that says no. */
export class UpgradeExchange extends Exchange {
  readonly body = undefined;
  readonly isOld = false;
  readonly #upgrade: Upgrade;
  readonly #openServer: () => WebSocketServer;
  /** What the socket had been given before. */
  readonly #bytesBefore: number;
  #hasBegun = false;

  /** @param openServer who does the handshakes of WebSockets */
  constructor(upgrade: Upgrade, openServer: () => WebSocketServer, connection: Connection, services: Services) {
    super(upgrade.message.method as string, upgrade.message.url as string, connection, services);
    this.#upgrade = upgrade;
    this.#openServer = openServer;
    this.#bytesBefore = connection.socket.bytesWritten;
    // Whatever comes of it, no other request follows.
    connection.closeAfterNewest();
    connection.socket.once('close', () => this.finish());
  }

  override get isUpgrade(): boolean {
    return true;
  }

  override get raw(): IncomingMessage {
    return this.#upgrade.message;
  }

  get rawHeaders(): readonly string[] {
    return this.#upgrade.message.rawHeaders;
  }

  /** Nothing of another request may begin beside it. */
  override get isSafe(): boolean {
    return false;
  }

  /** An open channel is the heartbeat's matter. */
  get awaitsClient(): boolean {
    return false;
  }

  get hasBegun(): boolean {
    return this.#hasBegun || this.connection.socket.bytesWritten > this.#bytesBefore;
  }

  protected write(response: HttpResponse): Promise<void> | undefined {
    if (response.status !== 101) return this.#refuse(response);
    const { message, head } = this.#upgrade;
    const { socket } = this.connection;
    const fields = response.headers;
    const toWebSocket = (open: (wire: MessageWire) => void): void => this.#shakeHands(fields, open);
    // Who speaks on it besides WebSocket ends it in a way of its own.
    if (this.observation !== undefined) this.observation.endsWithConnection = true;
    const outcome = upgradeOf(this.request)?.({ message, socket, head, fields, toWebSocket });
    return isPromiseLike(outcome) ? Promise.resolve(outcome).then(() => {}) : undefined;
  }

  #shakeHands(fields: Iterable<readonly [string, string]>, open: (wire: MessageWire) => void): void {
    this.#hasBegun = true;
    if (this.observation !== undefined) this.observation.endsWithConnection = false;
    const { message, head } = this.#upgrade;
    const server = this.#openServer();
    const addHeaders = (lines: string[]): void => {
      for (const [name, value] of fields) lines.push(`${name}: ${value}`);
    };
    server.on('headers', addHeaders);
    try {
      // Answers at once, or closes the socket: one that has ended meanwhile for example.
      server.handleUpgrade(message, this.connection.socket, head, (websocket) =>
        this.#open(websocket as TellingWebSocket, open),
      );
    } finally {
      // The server is everybody's.
      server.off('headers', addHeaders);
    }
  }

  #open(websocket: TellingWebSocket, open: (wire: MessageWire) => void): void {
    const { observation } = this;
    if (observation !== undefined) {
      // ws tells of it behind the end of the connection.
      this.connection.forgetCut(observation);
      websocket.once('close', (code: number) =>
        observation.close(closeCodeOf(websocket, code), this.connection.bytesTaken),
      );
    }
    open(this.#wireOf(websocket));
  }

  protected cut(): void {
    this.connection.socket.destroy();
  }

  protected writeLastResort(): void {
    this.connection.socket.destroy();
  }

  #wireOf(websocket: TellingWebSocket): WebSocketWire {
    return new WebSocketWire(websocket, this.connection.socket, {
      cut: () => this.connection.cut(),
      ended: (why, code) => {
        const { log } = this.services;
        if (log.verbose)
          log.logger.debug(
            { address: this.request.ip, path: this.request.path, why, code },
            'ws has ended a channel of its own accord.',
          );
      },
    });
  }

  protected override finish(): void {
    super.finish();
    giveUpChannel(this.request);
  }

  async #refuse(response: HttpResponse): Promise<void> {
    giveUpChannel(this.request);
    const bytes = await formatLastResponse(response);
    this.#hasBegun = true;
    const { connection } = this;
    if (connection.socket.readableLength + this.#upgrade.head.byteLength > 0) connection.lingerAtEnd();
    connection.socket.write(bytes, () => this.observeEnd(this.position));
    this.finish();
  }
}
