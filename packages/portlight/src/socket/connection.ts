import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { DEFAULTS } from '../defaults.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import { unmapAddress } from '../request/client-address.ts';
import type { Exchange } from './exchange.ts';

/** What a connection does at the moment: waits, has sent part of a head, or has requests that are not yet answered. */
export type ConnectionState = 'idle' | 'head' | 'busy';

const MOST_LISTENERS = 10 + 2 * DEFAULTS.maxPipelined;

/** One accepted connection, from the first byte to the close, whichever lane serves it. */
export class Connection {
  readonly socket: Socket;
  /** Of the client, as they were when it connected: a closed socket has forgotten them. */
  readonly address: string;
  readonly port: number;
  /** Whether the client speaks TLS with us. */
  readonly isSecure: boolean;
  /** The next response shall be the last: the server drains, or what was sent cannot be followed by another request. */
  isLast = false;
  /** The last request has come: what follows it is not looked at any more (RFC 9112 §9.6). */
  isClosing = false;
  /** What came last was no HTTP, and is answered once. */
  isRefused = false;
  /** Its last answer is out; it is open only to let the client read it. */
  isEnding = false;
  /** It was cut with something unsent, because its client did not take it in time. */
  wasCut = false;
  /** Its lane looks at nothing but whole requests: there is never a part of a head. */
  hasWholeRequests = false;
  /** Who knows of a part of a head, where the lane may have one. */
  heads: { readonly hasBegun: boolean | undefined } | undefined;
  /** How many requests it has brought. */
  requests = 0;
  /** Requests that are being handled, in the order they came. */
  readonly #running: Exchange[] = [];
  /** Pipelined requests that have to wait for those. */
  readonly #waiting: Exchange[] = [];
  #newest: Exchange | undefined;
  /**
   * The async context that the socket has; kept where something has to wait, which goes on when another request ends.
   */
  #context: AsyncResource | undefined;
  #bytesAtRest = 0;
  #lingers = false;
  #onRest: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = unmapAddress(socket.remoteAddress ?? '');
    this.port = socket.remotePort ?? 0;
    this.isSecure = (socket as Partial<TLSSocket>).encrypted === true;
    // A TLS handshake has been read already, and is no part of a request.
    this.#bytesAtRest = socket.bytesRead;
    // Errors arrive at the lanes too; without a listener of its own, one that comes between two lanes would end the
    // process.
    socket.on('error', ignore);
    // Each pipelined response that is streamed listens for the close as well.
    socket.setMaxListeners(MOST_LISTENERS);
    socket.on('end', () => this.#abandon('The client closed its side of the connection.'));
    socket.on('close', () => {
      this.#waiting.length = 0;
      this.#abandon('The client closed the connection.');
      const gone = new AbortedError(
        'The client went away before the response was complete.',
        'ERR_PORTLIGHT_CLIENT_GONE',
      );
      for (const exchange of this.#running) exchange.cancelReply(gone);
      // Responses that wait for their turn will not get another.
      for (const exchange of [...this.#running]) exchange.takeTurn();
    });
  }

  get state(): ConnectionState {
    if (this.#running.length > 0) return 'busy';
    if (this.hasWholeRequests) return 'idle';
    return (this.heads?.hasBegun ?? this.socket.bytesRead > this.#bytesAtRest) ? 'head' : 'idle';
  }

  /** Whether the body of a request is still to come. */
  get isReceiving(): boolean {
    return this.newest?.isReceiving === true;
  }

  /** How many chunks the sources of responses under way gave; `undefined` where there is none. */
  get chunks(): number | undefined {
    let sum: number | undefined;
    for (const { chunks } of this.#running) if (chunks !== undefined) sum = (sum ?? 0) + chunks;
    return sum;
  }

  /** Whether it is the client's turn to send: a request, the rest of a head, or the rest of a body. */
  get awaitsClient(): boolean {
    return this.#running.length === 0 || this.#running.some((exchange) => exchange.awaitsClient);
  }

  /**
   * Whether a request may start now: one that may change something is handled alone, safe ones a few at a time, so that
   * a client cannot start work without end.
   */
  mayStart(request: { readonly isSafe: boolean }): boolean {
    if (this.#running.length === 0) return true;
    return (
      request.isSafe &&
      this.#running.length < DEFAULTS.maxPipelined &&
      this.#running.every((exchange) => exchange.isSafe)
    );
  }

  /** Starts a request that may start. */
  start(exchange: Exchange): void {
    this.requests += 1;
    this.#newest = exchange;
    this.#begin(exchange);
  }

  /** Called where the context is still that of the socket, before something has to wait. */
  keepContext(): void {
    this.#context ??= new AsyncResource('PortlightConnection');
  }

  /**
   * Runs what other requests wait for in the context of the socket, not in that of the request that made it possible.
   */
  inContext(run: () => void): void {
    if (this.#context === undefined) run();
    else this.#context.runInAsyncScope(run);
  }

  /** Starts a request, at once or when those before it allow. While one waits nothing more is read. */
  admit(exchange: Exchange): void {
    if (this.#waiting.length === 0 && this.mayStart(exchange)) {
      this.start(exchange);
      return;
    }
    this.requests += 1;
    this.#newest = exchange;
    this.keepContext();
    this.#waiting.push(exchange);
    this.socket.pause();
  }

  /** The response is out, or will never be. */
  finish(exchange: Exchange): void {
    const index = this.#running.indexOf(exchange);
    if (index === -1) return;
    if (this.#running.length === 1) this.#running.pop();
    else this.#running.splice(index, 1);
    if (this.#waiting.length > 0) this.inContext(() => this.#startWaiting());
    if (this.#running.length === 0) this.#rest();
    else if (index === 0) this.#running[0]?.takeTurn();
  }

  /** Whether an earlier request has to be answered before this one. */
  mustWait(exchange: Exchange): boolean {
    return this.#running.length > 1 && this.#running.indexOf(exchange) > 0;
  }

  /** Whether a later request came over the connection; then this one's response must not close it. */
  isNewest(exchange: Exchange): boolean {
    return this.#newest === exchange;
  }

  /** The response has no end but that of the connection (RFC 9112 §6.3): what waits behind it is dropped. */
  endAfter(exchange: Exchange): void {
    this.isLast = true;
    this.#waiting.length = 0;
    this.#newest = exchange;
  }

  /** The request that came last, if it is not yet answered. */
  get newest(): Exchange | undefined {
    return this.#running.length > 0 ? this.#newest : undefined;
  }

  /** Calls when every request that came so far is answered; at once if that is so. */
  whenAtRest(listener: () => void): void {
    if (this.#running.length === 0) {
      listener();
      return;
    }
    const context = new AsyncResource('PortlightConnection');
    this.#onRest.push(() => context.runInAsyncScope(listener));
  }

  /**
   * From now on a lane may hold a part of a head.
   *
   * @param bytesUsed how much of what was read belongs to earlier requests
   */
  expectHeads(bytesUsed: number): void {
    this.hasWholeRequests = false;
    this.#bytesAtRest = bytesUsed;
  }

  abort(reason: AbortedError): void {
    for (const exchange of this.#running) exchange.abort(reason);
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
    const timer = setTimeout(() => this.cut(), lingerMs).unref();
    socket.once('end', () => socket.destroySoon());
    socket.once('close', () => clearTimeout(timer));
  }

  /** Ends it at once, with what is unsent. */
  cut(): void {
    if (this.#running.length > 0 || this.socket.writableLength > 0) this.wasCut = true;
    this.socket.destroy();
  }

  /**
   * What was sent of the last request is not all read. Whoever closes the connection behind the answer, node:http for
   * one, gets what {@link end} does: the client sees the end of the answer at once.
   */
  lingerAtEnd(): void {
    this.isLast = true;
    this.#lingers = true;
    this.socket.destroySoon = () => {
      if (!this.isEnding) this.end(new Uint8Array(0));
    };
  }

  /** Tells the handlers that are at work that the client is gone. */
  #abandon(how: string): void {
    if (this.#running.length > 0) this.abort(new AbortedError(how, 'ERR_PORTLIGHT_CLIENT_GONE'));
  }

  /**
   * What a request puts into its async context must not be found by the next one, so each has a resource of its own.
   */
  #begin(exchange: Exchange): void {
    this.#running.push(exchange);
    new AsyncResource('PortlightExchange').runInAsyncScope(() => exchange.start());
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.mayStart(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      if (this.#waiting.length === 0) this.socket.resume();
      this.#begin(next);
    }
  }

  /**
   * The last answer is out. Where the kernel has all of it, its close says the end as well as we could, for a call
   * less.
   */
  #close(): void {
    const { socket } = this;
    if (socket.writableLength === 0 && !this.isSecure && !this.#lingers) socket.destroy();
    else socket.destroySoon();
  }

  #rest(): void {
    if (!this.hasWholeRequests) this.#bytesAtRest = this.socket.bytesRead;
    if (this.isLast && !this.isRefused) this.#close();
    if (this.#onRest.length === 0) return;
    const listeners = this.#onRest;
    this.#onRest = [];
    for (const listener of listeners) listener();
  }
}

function ignore(): void {}
