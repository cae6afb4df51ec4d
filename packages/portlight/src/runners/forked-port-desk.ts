import type { Worker } from '@portlight/prefork';
import type { Server, Socket } from 'node:net';
import { MemoryAdmission } from '../backplane/memory-admission.ts';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import type { ServerConfig } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { type HttpError, RequestTimeoutError, ServiceUnavailableError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import { Listener } from '../ports/listener.ts';
import { HttpResponse } from '../response/http-response.ts';
import { Connection } from '../socket/connection.ts';
import { formatLastResponse } from '../socket/format-response.ts';
import { MESSAGES } from './child-protocol.ts';
import type { PortDesk } from './port-desk.ts';
import { WaitingClient } from './waiting-client.ts';

/** Who adds and ends child processes. */
export interface ForkedPool {
  /** Starts one more. @returns whether there may be one more */
  grow(): boolean;
  /** Ends one that waits. */
  shrink(worker: Worker): void;
}

/** A child that serves, with the one client that it has. */
interface Taker {
  readonly worker: Worker;
  client: WaitingClient | undefined;
  /** Of that client. */
  id: number;
  /** After so many it goes. */
  readonly maxRequests: number;
  /** Whether it takes another one afterwards. */
  isLeaving: boolean;
}

/** Started at once, so that they do not keep each other from being ready. */
const MOST_STARTING = 4;

/** So much of its requests a child may go earlier, so that not all go at once. */
const JITTER = 0.1;

const LATER = { headers: { 'retry-after': '1' }, expose: true };

/**
 * This process accepts, and hands each client to a child that has none, once the client has sent its first bytes. The
 * others wait in the order in which they came; there are more children, up to the most, while some wait or few are
 * spare.
 */
export class ForkedPortDesk implements PortDesk {
  readonly accepts = 'primary';
  readonly admits = true;
  readonly #at: ParsedAddress;
  readonly #config: ServerConfig;
  readonly #pool: ForkedPool;
  readonly #listener: Listener = new Listener({ pauseOnConnect: true });
  readonly #admission: MemoryAdmission;
  readonly #maxQueued: number;
  readonly #takers: Map<string, Taker> = new Map();
  readonly #starting: Set<string> = new Set();
  /** Those without a client; the one that had one last is the last, and gets the next one. */
  readonly #idle: Set<Taker> = new Set();
  /** Those that have sent nothing. */
  readonly #silent: Set<WaitingClient> = new Set();
  readonly #queue: Set<WaitingClient> = new Set();
  #address: ServerAddress | undefined;
  #looking: NodeJS.Timeout | undefined;
  #lastId = 0;
  #isClosed = false;
  #isHurrying = false;

  constructor(at: ParsedAddress, config: ServerConfig, log: LogHolder, pool: ForkedPool) {
    this.#at = at;
    this.#config = config;
    this.#pool = pool;
    this.#maxQueued = config.maxQueued ?? DEFAULTS.maxQueuedConnections;
    this.#admission = new MemoryAdmission(config.maxConnections, config.maxConnectionsPerIp);
    this.#listener.feed(
      (socket) => this.#accept(socket),
      (error) => log.logger.error({ err: error }, 'A connection could not be accepted.'),
    );
  }

  get address(): ServerAddress | undefined {
    return this.#address;
  }

  get server(): Server | undefined {
    return this.#listener.server;
  }

  async open(): Promise<void> {
    this.#address = await this.#listener.listen(this.#at, this.#config.backlog);
    this.#looking = setInterval(() => this.#shrink(), DEFAULTS.spareLookMs).unref();
  }

  serve({ key, link }: Worker): void {
    this.#starting.add(key);
    link.on(MESSAGES.free, (data) => this.#free(key, ...(data as readonly [number, number])));
    // After all that it said.
    link.onClosed(() => this.#lose(key));
  }

  ready(worker: Worker): void {
    this.#starting.delete(worker.key);
    const maxRequests = (this.#config.maxRequestsPerWorker ?? Infinity) * (1 - JITTER * Math.random());
    const taker = { worker, client: undefined, id: 0, maxRequests, isLeaving: false };
    this.#takers.set(worker.key, taker);
    if (this.#isHurrying) worker.link.tell(MESSAGES.keepAlive, 0);
    this.#rest(taker);
    this.#grow();
  }

  leave({ key }: Worker): void {
    this.#starting.delete(key);
    const taker = this.#takers.get(key);
    if (taker !== undefined) {
      taker.isLeaving = true;
      this.#idle.delete(taker);
    }
    this.#grow();
  }

  connections({ key }: Worker): number {
    return this.#takers.get(key)?.client === undefined ? 0 : 1;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#looking);
    this.#listener.stopAccepting();
    for (const { socket } of this.#silent) socket.destroy();
    for (const client of this.#queue) this.#refuse(client, new ServiceUnavailableError('The server stops.', LATER));
  }

  #accept(socket: Socket): void {
    const seat = this.#admission.reserve(socket.remoteAddress ?? '');
    if (typeof seat === 'string') {
      socket.destroy();
      return;
    }
    const client = new WaitingClient(socket, seat);
    this.#silent.add(client);
    socket.once('close', () => {
      this.#silent.delete(client);
      this.#unqueue(client);
    });
    client.awaitBytes(
      this.#config.headersTimeoutMs,
      () => {
        this.#silent.delete(client);
        this.#dispatch(client);
      },
      () => this.#refuse(client, new RequestTimeoutError('The request did not arrive in time.')),
    );
  }

  #dispatch(client: WaitingClient): void {
    const taker = [...this.#idle].at(-1);
    if (taker !== undefined) this.#hand(client, taker);
    else if (this.#isClosed) this.#refuse(client, new ServiceUnavailableError('The server stops.', LATER));
    else if (this.#queue.size >= this.#maxQueued)
      this.#refuse(client, new ServiceUnavailableError('Too many connections wait.', LATER));
    else {
      client.limitWait(this.#config.queueTimeoutMs, () =>
        this.#refuse(client, new ServiceUnavailableError('All processes are busy.', LATER)),
      );
      this.#queue.add(client);
    }
    this.#grow();
  }

  #hand(client: WaitingClient, taker: Taker): void {
    const id = ++this.#lastId;
    this.#idle.delete(taker);
    taker.client = client;
    taker.id = id;
    void taker.worker.send(MESSAGES.socket, client.describe(id), client.socket).then((isTaken) => {
      const isItsClient = taker.id === id && taker.client === client;
      if (isTaken) {
        client.handOver();
        if (isItsClient && !this.#has(taker)) client.end();
        return;
      }
      // It is gone, or came too late for this one.
      if (isItsClient) taker.client = undefined;
      if (!client.socket.destroyed) this.#dispatch(client);
      this.#rest(taker);
    });
  }

  /** A child says that the connection of a client has ended. */
  #free(key: string, id: number, requests: number): void {
    const taker = this.#takers.get(key);
    if (taker?.client === undefined || taker.id !== id) return;
    taker.client.end();
    taker.client = undefined;
    if (requests < taker.maxRequests) this.#rest(taker);
    else if (!taker.isLeaving) {
      // One that is started in its stead is ready sooner than this one has ended.
      this.leave(taker.worker);
      this.#pool.shrink(taker.worker);
    }
  }

  #rest(taker: Taker): void {
    if (taker.isLeaving || taker.client !== undefined || !this.#has(taker)) return;
    this.#idle.add(taker);
    const [next] = this.#queue;
    if (next === undefined) return;
    this.#unqueue(next);
    this.#hand(next, taker);
  }

  #lose(key: string): void {
    const taker = this.#takers.get(key);
    this.#takers.delete(key);
    this.#starting.delete(key);
    if (taker === undefined) return;
    taker.isLeaving = true;
    this.#idle.delete(taker);
    // What it did not take is dispatched anew, and gives its seat back itself.
    if (taker.client?.socket.destroyed === true) taker.client.end();
  }

  /** To be called whenever fewer children wait, or more clients. */
  #grow(): void {
    if (this.#isClosed) return;
    const wanted = this.#config.minSpare + this.#queue.size;
    let coming = this.#idle.size + this.#starting.size;
    while (coming < wanted && this.#starting.size < MOST_STARTING && this.#pool.grow()) coming += 1;
    this.#hurry();
  }

  #has(taker: Taker): boolean {
    return this.#takers.get(taker.worker.key) === taker;
  }

  /** The one that has been without a client longest goes. */
  #shrink(): void {
    const { minSpare, maxSpare } = this.#config;
    const [longest] = this.#idle;
    if (longest === undefined || this.#idle.size <= Math.max(minSpare, maxSpare)) return;
    this.#pool.shrink(longest.worker);
  }

  #unqueue(client: WaitingClient): void {
    if (this.#queue.delete(client)) this.#hurry();
  }

  /**
   * While others wait, and no child is on its way, a client that sends nothing keeps its own no longer than it must.
   */
  #hurry(): void {
    const isHurrying = this.#queue.size > 0 && this.#starting.size === 0;
    if (isHurrying === this.#isHurrying) return;
    this.#isHurrying = isHurrying;
    const ms = isHurrying ? 0 : this.#config.keepAliveTimeoutMs;
    for (const { worker } of this.#takers.values()) worker.link.tell(MESSAGES.keepAlive, ms);
  }

  #refuse(client: WaitingClient, error: HttpError): void {
    this.#silent.delete(client);
    this.#unqueue(client);
    const { socket } = client;
    // A handshake has not begun, and an answer would be none.
    if (this.#config.tls !== undefined) {
      socket.destroy();
      return;
    }
    client.readOn();
    void formatLastResponse(HttpResponse.problem(error)).then((bytes) => new Connection(socket).end(bytes));
  }
}
