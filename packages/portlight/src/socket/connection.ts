import type { Socket } from 'node:net';
import { DEFAULTS } from '../defaults.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import { unmapAddress } from '../request/client-address.ts';

/** A request on its way over a connection, as the connection sees it. */
export interface Exchange {
  /** Whether it is the client's turn: somebody reads the body, and the rest of it has not come. */
  readonly awaitsClient: boolean;
  /** Tells the handler that nobody waits any more. */
  abort(reason: AbortedError): void;
}

/** What a connection does at the moment: waits, has sent part of a head, or has requests that are not yet answered. */
export type ConnectionState = 'idle' | 'head' | 'busy';

const MOST_LISTENERS = 10 + 2 * DEFAULTS.maxPipelined;

interface Admission {
  readonly exchange: Exchange;
  readonly isSafe: boolean;
  readonly start: () => void;
}

/** One accepted connection, from the first byte to the close, whichever lane serves it. */
export class Connection {
  readonly socket: Socket;
  /** Of the client, as they were when it connected: a closed socket has forgotten them. */
  readonly address: string;
  readonly port: number;
  /** The next response shall be the last: the server drains, or what was sent cannot be followed by another request. */
  isLast = false;
  /** The last request has come: what follows it is not looked at any more (RFC 9112 §9.6). */
  isClosing = false;
  /** What came last was no HTTP, and is answered once. */
  isRefused = false;
  /** Its last answer is out; it is open only to let the client read it. */
  isEnding = false;
  /** Requests that are being handled, in the order they came. */
  readonly #running: Map<Exchange, Admission> = new Map();
  /** Pipelined requests that have to wait for those. */
  readonly #waiting: Admission[] = [];
  #newest: Exchange | undefined;
  #bytesAtRest = 0;
  #onRest: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = unmapAddress(socket.remoteAddress ?? '');
    this.port = socket.remotePort ?? 0;
    // A TLS handshake has been read already, and is no part of a request.
    this.#bytesAtRest = socket.bytesRead;
    // Errors arrive at the lanes too; without a listener of its own, one that comes between two lanes would end the process.
    socket.on('error', ignore);
    // Each pipelined response that is streamed listens for the close as well.
    socket.setMaxListeners(MOST_LISTENERS);
    socket.on('end', () => this.abort(new AbortedError('The client closed its side of the connection.', 'ERR_PORTLIGHT_CLIENT_GONE')));
    socket.on('close', () => {
      this.#waiting.length = 0;
      this.abort(new AbortedError('The client closed the connection.', 'ERR_PORTLIGHT_CLIENT_GONE'));
    });
  }

  get state(): ConnectionState {
    if (this.#running.size > 0) return 'busy';
    return this.socket.bytesRead > this.#bytesAtRest ? 'head' : 'idle';
  }

  /** Whether it is the client's turn to send: a request, the rest of a head, or the rest of a body. */
  get awaitsClient(): boolean {
    if (this.#running.size === 0) return true;
    for (const exchange of this.#running.keys()) if (exchange.awaitsClient) return true;
    return false;
  }

  /**
   * Starts a request, at once or when those before it allow: one that may change something is handled alone, safe ones
   * a few at a time. While one waits nothing more is read, so that a client cannot start work without end.
   */
  admit(exchange: Exchange, isSafe: boolean, start: () => void): void {
    const admission = { exchange, isSafe, start };
    this.#newest = exchange;
    if (this.#waiting.length === 0 && this.#mayStart(admission)) {
      this.#start(admission);
      return;
    }
    this.#waiting.push(admission);
    this.socket.pause();
  }

  /** The response is out, or will never be. */
  finish(exchange: Exchange): void {
    this.#running.delete(exchange);
    for (let next = this.#waiting[0]; next !== undefined && this.#mayStart(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      if (this.#waiting.length === 0) this.socket.resume();
      this.#start(next);
    }
    if (this.#running.size === 0) this.#rest();
  }

  /** Whether a later request came over the connection; then this one's response must not close it. */
  isNewest(exchange: Exchange): boolean {
    return this.#newest === exchange;
  }

  /** The request that came last, if it is not yet answered. */
  get newest(): Exchange | undefined {
    return this.#running.size > 0 ? this.#newest : undefined;
  }

  /** Calls when every request that came so far is answered; at once if that is so. */
  whenAtRest(listener: () => void): void {
    if (this.#running.size === 0) listener();
    else this.#onRest.push(listener);
  }

  abort(reason: AbortedError): void {
    for (const exchange of this.#running.keys()) exchange.abort(reason);
  }

  /**
   * Sends the last bytes and closes, giving the client time to read them: a socket that is destroyed with bytes
   * unread sends a reset, which can overtake the answer (RFC 9112 §9.6).
   */
  end(lastBytes: Uint8Array, lingerMs: number = DEFAULTS.lingerMs): void {
    const { socket } = this;
    this.isLast = true;
    this.isEnding = true;
    if (socket.destroyed) return;
    socket.end(lastBytes);
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
    socket.once('end', () => socket.destroySoon());
    socket.once('close', () => clearTimeout(timer));
  }

  #mayStart({ isSafe }: Admission): boolean {
    if (this.#running.size === 0) return true;
    if (!isSafe || this.#running.size >= DEFAULTS.maxPipelined) return false;
    for (const running of this.#running.values()) if (!running.isSafe) return false;
    return true;
  }

  #start(admission: Admission): void {
    this.#running.set(admission.exchange, admission);
    admission.start();
  }

  #rest(): void {
    this.#bytesAtRest = this.socket.bytesRead;
    if (this.isLast && !this.isRefused) this.socket.destroySoon();
    const listeners = this.#onRest;
    this.#onRest = [];
    for (const listener of listeners) listener();
  }
}

function ignore(): void {}
