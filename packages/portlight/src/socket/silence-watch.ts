import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';

/** How long a client may keep a connection waiting, in ms; 0: for ever. */
export interface SilenceLimits {
  /** Without sending what it has begun to send, or anything at all, or taking what it asked for. */
  readonly silenceMs: number;
  /** Without taking a byte of a response. */
  readonly writeTimeoutMs: number;
}

/** What was seen of a connection when it was last looked at. */
interface Progress {
  bytesRead: number;
  bytesTaken: number;
  /** When the client last did something, or was waiting itself. */
  readonly at: { moved: number; taken: number };
}

const LEAST_INTERVAL_MS = 50;

/**
 * Closes connections whose client stays silent while it is its turn. One timer looks at all of them, so that a
 * connection costs no timer of its own; a limit is kept to within a quarter of itself, or a second.
 */
export class SilenceWatch {
  readonly #limits: SilenceLimits;
  readonly #connections: Iterable<Connection>;
  readonly #progress: WeakMap<Connection, Progress> = new WeakMap();
  #timer: NodeJS.Timeout | undefined;

  constructor(connections: Iterable<Connection>, limits: SilenceLimits) {
    this.#connections = connections;
    this.#limits = limits;
  }

  start(): void {
    const limits = [this.#limits.silenceMs, this.#limits.writeTimeoutMs].filter((limit) => limit > 0);
    if (limits.length === 0) return;
    const intervalMs = Math.max(LEAST_INTERVAL_MS, Math.min(1_000, ...limits.map((limit) => limit / 4)));
    this.#timer = setInterval(() => this.#look(performance.now()), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(now: number): void {
    for (const connection of this.#connections) {
      if (this.#isOverdue(connection, now)) connection.socket.destroy();
    }
  }

  #isOverdue(connection: Connection, now: number): boolean {
    const { silenceMs, writeTimeoutMs } = this.#limits;
    const { at, owesBytes } = this.#update(connection, now);
    if (owesBytes && writeTimeoutMs > 0 && now - at.taken >= writeTimeoutMs) return true;
    return silenceMs > 0 && now - at.moved >= silenceMs;
  }

  #update(connection: Connection, now: number): Pick<Progress, 'at'> & { readonly owesBytes: boolean } {
    const { socket } = connection;
    const { bytesRead } = socket;
    const bytesTaken = countTaken(socket);
    const owesBytes = socket.writableLength > 0;
    const seen = this.#progress.get(connection) ?? { bytesRead: -1, bytesTaken: -1, at: { moved: now, taken: now } };
    const hasTaken = bytesTaken !== seen.bytesTaken;
    if (hasTaken || !owesBytes) seen.at.taken = now;
    if (hasTaken || bytesRead !== seen.bytesRead || !(owesBytes || connection.awaitsClient)) seen.at.moved = now;
    seen.bytesRead = bytesRead;
    seen.bytesTaken = bytesTaken;
    this.#progress.set(connection, seen);
    return { at: seen.at, owesBytes };
  }
}

/**
 * How many bytes the kernel has taken for the client. A large write counts for the socket as a whole until it is done;
 * how far it has come, only its handle knows. Without that, the whole writes have to do.
 */
function countTaken(socket: Socket): number {
  const handle = (socket as { _handle?: { bytesWritten?: number; writeQueueSize?: number } | null })._handle;
  const { bytesWritten, writeQueueSize } = handle ?? {};
  return bytesWritten === undefined || writeQueueSize === undefined ? socket.bytesWritten - socket.writableLength : bytesWritten - writeQueueSize;
}
