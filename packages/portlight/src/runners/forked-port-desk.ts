import type { Worker } from '@portlight/prefork';
import type { Server, Socket } from 'node:net';
import { MemoryAdmission } from '../backplane/memory-admission.ts';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import type { ServerConfig } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { type HttpError, RequestTimeoutError, ServiceUnavailableError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import { HttpResponse, setBody } from '../response/http-response.ts';
import { Connection } from '../socket/connection.ts';
import { formatLastResponse } from '../socket/format-response.ts';
import { AcceptingPort } from './accepting-port.ts';
import { MESSAGES } from './child-protocol.ts';
import { describeClient } from './handed-client.ts';
import { mayBegin } from './may-begin.ts';
import type { PortDesk } from './port-desk.ts';
import { requestsOfOne } from './recycling.ts';
import { SpareChildren } from './spare-children.ts';
import { WaitingClient } from './waiting-client.ts';

/** Who adds and ends child processes. */
export interface ForkedPool {
  /** How many come by themselves, in the place of others that failed. */
  readonly awaited: number;
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
  /** How many it has had. */
  clients: number;
  /** After so many it goes; a client that asked for nothing counts as one. */
  readonly maxRequests: number;
  /** Whether it takes another one afterwards. */
  isLeaving: boolean;
}

/** Started at once, so that they do not keep each other from being ready. */
const MOST_STARTING = 4;

const LATER = { headers: { 'retry-after': '1' }, expose: true };

/**
 * This process accepts, and hands each client to a child that has none, once the client has sent the head of a request.
 * The others wait in the order in which they came; there are more children, up to the most, while some wait or few are
 * spare.
 */
export class ForkedPortDesk implements PortDesk {
  readonly accepts = 'primary';
  readonly admits = true;
  readonly #config: ServerConfig;
  readonly #pool: ForkedPool;
  readonly #log: LogHolder;
  readonly #port: AcceptingPort;
  readonly #admission: MemoryAdmission;
  readonly #maxQueued: number;
  readonly #takers: Map<string, Taker> = new Map();
  readonly #starting: Set<string> = new Set();
  readonly #spare: SpareChildren = new SpareChildren({
    onHere: ({ key }) => {
      const taker = this.#takers.get(key);
      if (taker !== undefined) this.#rest(taker);
    },
    onLate: () => {
      this.#ask();
      this.#grow();
    },
  });
  /** Those that have sent no head. */
  readonly #silent: Set<WaitingClient> = new Set();
  /** In the order in which they came; those for which a spare child is asked among them. */
  #queue: Set<WaitingClient> = new Set();
  #looking: NodeJS.Timeout | undefined;
  #lastId = 0;
  #isClosed = false;
  #isHurrying = false;
  #hurrying: NodeJS.Timeout | undefined;

  constructor(at: ParsedAddress, config: ServerConfig, log: LogHolder, pool: ForkedPool) {
    this.#config = config;
    this.#pool = pool;
    this.#log = log;
    this.#maxQueued = config.maxQueued ?? DEFAULTS.maxQueuedConnections;
    this.#admission = new MemoryAdmission(config.maxConnections, config.maxConnectionsPerIp);
    this.#port = new AcceptingPort(at, config.backlog, log, (socket) => this.#accept(socket));
  }

  get address(): ServerAddress | undefined {
    return this.#port.address;
  }

  get server(): Server | undefined {
    return this.#port.server;
  }

  async open(): Promise<void> {
    await this.#port.open();
    this.#looking = setInterval(() => {
      this.#shrink();
      if (this.#isHurrying && !this.#isShort) this.#hurry(false);
    }, DEFAULTS.spareLookMs).unref();
  }

  serve(worker: Worker): void {
    const { key, link } = worker;
    this.#starting.add(key);
    link.on(MESSAGES.here, () => this.#spare.hear(worker));
    link.on(MESSAGES.free, (data) => this.#free(key, ...(data as readonly [number, number])));
    // After all that it said.
    link.onClosed(() => this.#lose(key));
  }

  ready(worker: Worker): void {
    this.#starting.delete(worker.key);
    const maxRequests = requestsOfOne(this.#config);
    const taker = { worker, client: undefined, id: 0, clients: 0, maxRequests, isLeaving: false };
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
      this.#spare.delete(key);
    }
    this.#ask();
    this.#grow();
  }

  connections({ key }: Worker): number {
    return this.#takers.get(key)?.client === undefined ? 0 : 1;
  }

  close(): number {
    this.#isClosed = true;
    clearInterval(this.#looking);
    clearTimeout(this.#hurrying);
    this.#port.close();
    let answered = this.#queue.size;
    for (const client of [...this.#queue]) this.#refuse(client, serverStops());
    for (const client of [...this.#silent]) {
      if (client.bytes.byteLength > 0) {
        answered += 1;
        this.#refuse(client, headIsLate());
      } else client.socket.destroy();
    }
    return this.#config.tls === undefined ? answered : 0;
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
      this.#queue.delete(client);
    });
    const { headersTimeoutMs, maxHeaderBytes, tls } = this.#config;
    client.awaitBytes(
      headersTimeoutMs,
      (bytes, known) => tls !== undefined || mayBegin(bytes, known, maxHeaderBytes),
      () => {
        this.#silent.delete(client);
        this.#dispatch(client);
      },
      () => this.#refuse(client, headIsLate()),
    );
  }

  #dispatch(client: WaitingClient): void {
    if (this.#isClosed) this.#refuse(client, serverStops());
    else if (this.#queue.size >= this.#maxQueued + this.#spare.count)
      this.#refuse(client, new ServiceUnavailableError('Too many connections wait.', LATER));
    else this.#enqueue(client, false);
    this.#grow();
  }

  /** A child that should have had it has not: it has waited longest. */
  #takeBack(client: WaitingClient): void {
    if (this.#isClosed) this.#refuse(client, serverStops());
    else this.#enqueue(client, true);
    this.#grow();
  }

  #enqueue(client: WaitingClient, isFirst: boolean): void {
    client.limitWait(this.#config.queueTimeoutMs, () =>
      this.#refuse(client, new ServiceUnavailableError('All processes are busy.', LATER)),
    );
    if (isFirst) this.#queue = new Set([client, ...this.#queue]);
    else this.#queue.add(client);
    this.#ask();
  }

  #hand(client: WaitingClient, taker: Taker): void {
    const id = ++this.#lastId;
    client.endWait();
    taker.client = client;
    taker.id = id;
    void taker.worker.send(MESSAGES.socket, describeClient(id, client.bytes), client.socket).then((isTaken) => {
      const isItsClient = taker.id === id && taker.client === client;
      if (isTaken) {
        client.handOver();
        if (isItsClient && !this.#has(taker)) client.end();
        return;
      }
      // It is gone, or came too late for this one.
      if (isItsClient) taker.client = undefined;
      if (!taker.isLeaving && taker.client === undefined && this.#has(taker)) this.#spare.addLast(taker.worker);
      if (client.socket.destroyed) this.#ask();
      else this.#takeBack(client);
    });
  }

  /** A child says that the connection of a client has ended. */
  #free(key: string, id: number, requests: number): void {
    const taker = this.#takers.get(key);
    if (taker?.client === undefined || taker.id !== id) return;
    taker.client.end();
    taker.client = undefined;
    taker.clients += 1;
    if (Math.max(requests, taker.clients) < taker.maxRequests) this.#rest(taker);
    else if (!taker.isLeaving) {
      // One that is started in its stead is ready sooner than this one has ended.
      this.leave(taker.worker);
      this.#pool.shrink(taker.worker);
    }
  }

  /** A child without a client has said something just now: it is not busy. */
  #rest(taker: Taker): void {
    if (taker.isLeaving || taker.client !== undefined || !this.#has(taker)) return;
    const [next] = this.#queue;
    if (next === undefined) this.#spare.add(taker.worker);
    else {
      this.#queue.delete(next);
      this.#hand(next, taker);
    }
  }

  /** As many spare children are asked as there are clients. */
  #ask(): void {
    while (this.#spare.askedCount < this.#queue.size && this.#spare.idleCount > 0) this.#spare.ask();
  }

  #lose(key: string): void {
    const taker = this.#takers.get(key);
    this.#takers.delete(key);
    this.#starting.delete(key);
    if (taker === undefined) return;
    taker.isLeaving = true;
    this.#spare.delete(key);
    this.#ask();
    // What it did not take is dispatched anew, and gives its seat back itself.
    if (taker.client?.socket.destroyed === true) taker.client.end();
  }

  /** To be called whenever fewer children wait, or more clients. */
  #grow(): void {
    if (this.#isClosed) return;
    // Where children fail one after the other, more of them would too: only for clients that wait it is tried.
    const wanted = this.#queue.size + Math.max(0, this.#config.minSpare - this.#pool.awaited);
    let coming = this.#spare.count + this.#starting.size;
    while (coming < wanted && this.#starting.size < MOST_STARTING && this.#pool.grow()) coming += 1;
    if (this.#isHurrying || !this.#isShort) return;
    // A moment is over before all children have heard of it.
    this.#hurrying ??= setTimeout(() => {
      this.#hurrying = undefined;
      if (this.#isShort && !this.#isHurrying) this.#hurry(true);
    }, DEFAULTS.hurryAfterMs).unref();
  }

  /** Whether clients wait for whom no child is on its way. */
  get #isShort(): boolean {
    return this.#queue.size > this.#spare.count && this.#starting.size === 0;
  }

  #has(taker: Taker): boolean {
    return this.#takers.get(taker.worker.key) === taker;
  }

  /** The one that has been without a client longest goes. */
  #shrink(): void {
    const { minSpare, maxSpare } = this.#config;
    const { longest, idleCount } = this.#spare;
    if (longest !== undefined && idleCount > Math.max(minSpare, maxSpare)) this.#pool.shrink(longest);
  }

  /** While others wait, a client that sends nothing keeps its child no longer than it must. */
  #hurry(isHurrying: boolean): void {
    this.#isHurrying = isHurrying;
    const ms = isHurrying ? 0 : this.#config.keepAliveTimeoutMs;
    for (const { worker } of this.#takers.values()) worker.link.tell(MESSAGES.keepAlive, ms);
  }

  #refuse(client: WaitingClient, error: HttpError): void {
    this.#silent.delete(client);
    this.#queue.delete(client);
    const { socket } = client;
    if (this.#log.verbose)
      this.#log.logger.debug(
        { address: socket.remoteAddress, status: error.status, code: error.code },
        'A client was refused before a process had it.',
      );
    // A handshake has not begun, and an answer would be none.
    if (this.#config.tls !== undefined) {
      socket.destroy();
      return;
    }
    client.readOn();
    const response = HttpResponse.problem(error);
    // Nobody else reads the head (RFC 9110 §9.3.2).
    if (client.bytes.toString('latin1', 0, 5) === 'HEAD ') setBody(response, null);
    void formatLastResponse(response).then((bytes) => new Connection(socket).end(bytes));
  }
}

function serverStops(): HttpError {
  return new ServiceUnavailableError('The server stops.', LATER);
}

function headIsLate(): HttpError {
  return new RequestTimeoutError('The request did not arrive in time.');
}
