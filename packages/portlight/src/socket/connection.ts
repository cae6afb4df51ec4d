import type { Socket } from 'node:net';
import { DEFAULTS } from '../defaults.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import { unmapAddress } from '../request/client-address.ts';

/** A request on its way over a connection, as the connection sees it. */
export interface Exchange {
  /** Tells the handler that nobody waits any more. */
  abort(reason: AbortedError): void;
}

/** What a connection does at the moment: waits, has sent part of a head, or has requests that are not yet answered. */
export type ConnectionState = 'idle' | 'head' | 'busy';

/** One accepted connection, from the first byte to the close, whichever lane serves it. */
export class Connection {
  readonly socket: Socket;
  /** Of the client, as they were when it connected: a closed socket has forgotten them. */
  readonly address: string;
  readonly port: number;
  /** The next response shall be the last: the server drains, or what was sent cannot be followed by another request. */
  isLast = false;
  /** What came last was no HTTP, and is answered once. */
  isRefused = false;
  readonly #exchanges: Set<Exchange> = new Set();
  #newest: Exchange | undefined;
  #bytesAtRest = 0;
  #onRest: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = unmapAddress(socket.remoteAddress ?? '');
    this.port = socket.remotePort ?? 0;
    // Errors arrive at the lanes too; without a listener of its own, one that comes between two lanes would end the process.
    socket.on('error', ignore);
    socket.on('end', () => this.abort(new AbortedError('The client closed its side of the connection.', 'ERR_PORTLIGHT_CLIENT_GONE')));
    socket.on('close', () => this.abort(new AbortedError('The client closed the connection.', 'ERR_PORTLIGHT_CLIENT_GONE')));
  }

  get state(): ConnectionState {
    if (this.#exchanges.size > 0) return 'busy';
    return this.socket.bytesRead > this.#bytesAtRest ? 'head' : 'idle';
  }

  begin(exchange: Exchange): void {
    this.#exchanges.add(exchange);
    this.#newest = exchange;
  }

  /** The response is out, or will never be. */
  finish(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    if (this.#exchanges.size > 0) return;
    this.#bytesAtRest = this.socket.bytesRead;
    if (this.isLast && !this.isRefused) this.socket.destroySoon();
    const waiting = this.#onRest;
    this.#onRest = [];
    for (const listener of waiting) listener();
  }

  /** Whether a later request came over the connection; then this one's response must not close it. */
  isNewest(exchange: Exchange): boolean {
    return this.#newest === exchange;
  }

  /** The request that came last, if it is not yet answered. */
  get newest(): Exchange | undefined {
    return this.#newest !== undefined && this.#exchanges.has(this.#newest) ? this.#newest : undefined;
  }

  /** Calls when every request that came so far is answered; at once if that is so. */
  whenAtRest(listener: () => void): void {
    if (this.#exchanges.size === 0) listener();
    else this.#onRest.push(listener);
  }

  abort(reason: AbortedError): void {
    for (const exchange of this.#exchanges) exchange.abort(reason);
  }

  /**
   * Sends the last bytes and closes, giving the client time to read them: a socket that is destroyed with bytes
   * unread sends a reset, which can overtake the answer (RFC 9112 §9.6).
   */
  end(lastBytes: Uint8Array): void {
    const { socket } = this;
    this.isLast = true;
    if (socket.destroyed) return;
    socket.end(lastBytes);
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), DEFAULTS.lingerMs).unref();
    socket.once('end', () => socket.destroySoon());
    socket.once('close', () => clearTimeout(timer));
  }
}

function ignore(): void {}
