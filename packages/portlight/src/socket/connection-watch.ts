import { DEFAULTS } from '../defaults.ts';
import { bytesTaken } from './bytes-taken.ts';
import type { Connection, ConnectionState } from './connection.ts';

/** How long a client may keep a connection waiting, in ms; 0: for ever. */
export interface WatchLimits {
  /** From the first byte of a head to its last; for the first request, from the accept. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a head to the last one of the body. */
  readonly requestTimeoutMs: number;
  /** Between two requests, until `keepAlive` says otherwise. */
  readonly keepAliveTimeoutMs: number;
  /** Without sending what it has begun to send, or anything at all, or taking what it asked for. */
  readonly silenceMs: number;
  /** Without taking a byte of a response. */
  readonly writeTimeoutMs: number;
}

/** What was seen of a connection when it was last looked at, and since when. */
interface Sighting {
  bytesRead: number;
  bytesTaken: number;
  /** Requests that it had brought. */
  requests: number;
  state: ConnectionState;
  chunks: number;
  /** The client did something, or was waiting itself. */
  movedAt: number;
  /** The client took a byte of a response, or owed none. */
  takenAt: number;
  /** It got into its state: idle with all answers out, or with the first byte of a request that has not come whole. */
  changedAt: number;
  /** A source gave a chunk for a client that has closed its side, or none has. */
  spokeAt: number;
}

const LEAST_INTERVAL_MS = 20;
const MOST_INTERVAL_MS = 500;

/**
 * Ends connections whose client keeps them waiting. One timer looks at all of them, so that a request moves none; a
 * limit is kept to within a quarter of itself, or a second.
 */
export class ConnectionWatch {
  readonly #limits: WatchLimits;
  readonly #connections: Iterable<Connection>;
  readonly #onLate: (connection: Connection) => void;
  readonly #seen: WeakMap<Connection, Sighting> = new WeakMap();
  #keepAliveMs: number;
  /** When that was said: who was idle before has all of it from then on. */
  #keepAliveSince = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param onLate called when the request that a client has begun, or has to begin, did not come in time */
  constructor(connections: Iterable<Connection>, limits: WatchLimits, onLate: (connection: Connection) => void) {
    this.#connections = connections;
    this.#limits = limits;
    this.#keepAliveMs = limits.keepAliveTimeoutMs;
    this.#onLate = onLate;
  }

  start(): void {
    const { headersTimeoutMs, requestTimeoutMs, silenceMs, writeTimeoutMs } = this.#limits;
    const limits = [headersTimeoutMs, requestTimeoutMs, this.#keepAliveMs, silenceMs, writeTimeoutMs].filter(
      (limit) => limit > 0,
    );
    // One look sees that a wait has begun, and another one that it is over.
    const intervalMs = Math.max(LEAST_INTERVAL_MS, Math.min(MOST_INTERVAL_MS, ...limits.map((limit) => limit / 8)));
    // A process that was busy finds its timers late: what clients have sent meanwhile is read before they are judged.
    this.#timer = setInterval(() => setImmediate(() => this.#look(performance.now())), intervalMs).unref();
  }

  /** Sets how long may lie between two requests from now on. */
  keepAlive(ms: number): void {
    this.#keepAliveMs = ms;
    this.#keepAliveSince = performance.now();
    if (this.#timer === undefined) return;
    this.stop();
    this.start();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(now: number): void {
    if (this.#timer === undefined) return;
    for (const connection of this.#connections) this.#judge(connection, this.#update(connection, now), now);
  }

  #judge(connection: Connection, seen: Sighting, now: number): void {
    const { silenceMs, writeTimeoutMs, requestTimeoutMs } = this.#limits;
    const owesBytes = connection.socket.writableLength > 0;
    const isStuck = owesBytes && isOver(writeTimeoutMs, now - seen.takenAt);
    if (isStuck || isOver(silenceMs, now - seen.movedAt)) {
      connection.cut();
      return;
    }
    if (seen.state === 'busy' && now - seen.spokeAt >= this.#patienceMs(connection)) connection.cut();
    if (connection.phase === 'ending' || connection.phase === 'refused') return;
    if (seen.state === 'busy') {
      const limitMs = connection.newest?.requestTimeoutMs ?? requestTimeoutMs;
      if (connection.isReceiving) this.#judgeRequest(connection, limitMs, now - seen.changedAt);
    } else if (seen.state === 'idle' && (seen.requests > 0 || connection.isLast)) {
      if (now - Math.max(seen.changedAt, this.#keepAliveSince) >= this.#keepAliveMs) connection.close();
    } else
      this.#judgeRequest(connection, Math.min(this.#limits.headersTimeoutMs, requestTimeoutMs), now - seen.changedAt);
  }

  #judgeRequest(connection: Connection, limitMs: number, elapsedMs: number): void {
    if (elapsedMs >= limitMs) this.#onLate(connection);
  }

  /**
   * How long a stream may say nothing. Whether a client whose further bytes are not read has closed its side cannot be
   * seen; it has the time of a request.
   */
  #patienceMs({ socket }: Connection): number {
    if (socket.readableEnded) return DEFAULTS.halfClosedMs;
    return socket.isPaused()
      ? Math.max(DEFAULTS.halfClosedMs, this.#limits.requestTimeoutMs)
      : Number.POSITIVE_INFINITY;
  }

  #update(connection: Connection, now: number): Sighting {
    const { socket, state, requests, chunks } = connection;
    const { bytesRead } = socket;
    const taken = bytesTaken(socket);
    const owesBytes = socket.writableLength > 0;
    if (owesBytes) connection.noteTaken();
    let seen = this.#seen.get(connection);
    if (seen === undefined) {
      seen = {
        bytesRead,
        bytesTaken: taken,
        requests,
        state,
        chunks: -1,
        movedAt: now,
        takenAt: now,
        changedAt: now,
        spokeAt: now,
      };
      this.#seen.set(connection, seen);
    }
    const hasTaken = taken !== seen.bytesTaken;
    if (hasTaken || !owesBytes) seen.takenAt = now;
    if (hasTaken || bytesRead !== seen.bytesRead || !(owesBytes || connection.awaitsClient)) seen.movedAt = now;
    if (chunks === undefined || chunks !== seen.chunks || owesBytes) seen.spokeAt = now;
    if (hasChanged(seen, connection) || (state === 'idle' && owesBytes)) seen.changedAt = now;
    Object.assign(seen, { bytesRead, bytesTaken: taken, requests, state, chunks: chunks ?? -1 });
    return seen;
  }
}

/** Whether the clock of a connection's state begins anew. A body has what its head has left of the time. */
function hasChanged(seen: Sighting, { state, requests }: Connection): boolean {
  if (state === 'busy' && seen.state === 'head') return requests > seen.requests + 1;
  return state !== seen.state || requests !== seen.requests;
}

function isOver(limitMs: number, elapsedMs: number): boolean {
  return limitMs > 0 && elapsedMs >= limitMs;
}
