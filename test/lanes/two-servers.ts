import type { Socket } from 'node:net';
import { HttpServer, type ServerOptions } from 'portlight';
import { Journal } from './journal.ts';
import { LoggedErrors } from './logged-errors.ts';

/** A server on one of the lanes, with what its app saw. */
export class LaneServer implements AsyncDisposable {
  readonly server: HttpServer;
  readonly journal: Journal = new Journal();
  readonly log: LoggedErrors = new LoggedErrors();
  readonly #sockets: Map<number, Socket> = new Map();

  private constructor(options: ServerOptions) {
    this.server = new HttpServer('127.0.0.1', 0, options);
  }

  static async start(register: Register, options: ServerOptions): Promise<LaneServer> {
    const it = new LaneServer(options);
    it.server.debug(it.log);
    register(it.server, it.journal);
    await it.server.start();
    it.server.getSocket()?.on('connection', (socket) => {
      const { remotePort = 0 } = socket;
      it.#sockets.set(remotePort, socket);
    });
    return it;
  }

  get port(): number {
    return this.server.getAddress().port;
  }

  /** This side of a client's connection. */
  socketOf(clientPort: number): Socket | undefined {
    return this.#sockets.get(clientPort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown({ timeoutMs: 0 });
  }
}

/** Registers the routes of a server whose app writes into the journal. */
export type Register = (server: HttpServer, journal: Journal) => unknown;

/** The same app on both lanes. */
export class TwoServers implements AsyncDisposable {
  readonly fast: LaneServer;
  readonly http: LaneServer;

  private constructor(fast: LaneServer, http: LaneServer) {
    this.fast = fast;
    this.http = http;
  }

  static async start(register: Register, options: ServerOptions = {}): Promise<TwoServers> {
    return new TwoServers(
      await LaneServer.start(register, { ...options, lane: 'fast' }),
      await LaneServer.start(register, { ...options, lane: 'http' }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.fast[Symbol.asyncDispose](), this.http[Symbol.asyncDispose]()]);
  }
}
