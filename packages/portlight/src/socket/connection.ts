import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { DEFAULTS } from '../defaults.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import { unmapAddress } from '../request/client-address.ts';
import { bytesTaken } from './bytes-taken.ts';
import { type ConnectionPhase, mayFollow } from './connection-phase.ts';

/** What a connection does at the moment: waits, has sent part of a head, or has requests that are not yet answered. */
export type ConnectionState = 'idle' | 'head' | 'busy';

/** What a connection asks of the exchanges that it carries. */
export interface CarriedExchange {
  /** Whether others may run beside it. */
  readonly isSafe: boolean;
  /** Whether the rest of the request's body is still to come. */
  readonly isReceiving: boolean;
  /** How long the whole request may take to come, in ms, where that is not as of any other. */
  readonly requestTimeoutMs: number | undefined;
  /** Whether it is the client's turn: somebody reads the body, and the rest of it has not come. */
  readonly awaitsClient: boolean;
  /** Whether a byte of the response has left. */
  readonly hasBegun: boolean;
  /** How many chunks the sources of the response gave; `undefined` where none is open. */
  readonly chunks: number | undefined;
  /** Begins to handle it. Called once, when the requests before it allow. */
  start(): void;
  /** The responses to all earlier requests are out. */
  takeTurn(): void;
  /** Nobody waits for the response any more. */
  abort(reason: AbortedError): void;
  /** Nobody can take the response any more. */
  cancelReply(reason: AbortedError): void;
  /** Ends the body of the request with an error. Nothing where all of it has come. */
  failBody(error: Error): void;
}

/** Who reads the bytes of a connection, and knows whether a part of a head has come; `undefined`: it cannot say. */
export interface HeadReader {
  readonly hasBegun: boolean | undefined;
}

/** Who hears that the connection is gone before all is sent. */
export interface CutListener {
  readonly isOver: boolean;
  /** @param bytes how many of the connection the kernel has taken */
  cut(bytes: number): void;
}

/** Of a lane that looks at nothing but whole requests. */
const NO_PARTS: HeadReader = { hasBegun: false };

const NOTHING = new Uint8Array(0);

const MOST_LISTENERS = 10 + 2 * DEFAULTS.maxPipelined;

/** One accepted connection, from the first byte to the close, whichever lane serves it. */
export class Connection {
  readonly socket: Socket;
  /** Of the client, as they were when it connected: a closed socket has forgotten them. */
  readonly address: string;
  readonly port: number;
  /** Whether the client speaks TLS with us. */
  readonly isSecure: boolean;
  /** How many requests it has brought. */
  requests = 0;
  /** Requests that are being handled, in the order they came. */
  readonly #running: CarriedExchange[] = [];
  /** Pipelined requests that have to wait for those. */
  readonly #waiting: CarriedExchange[] = [];
  #newest: CarriedExchange | undefined;
  #phase: ConnectionPhase = 'open';
  #heads: HeadReader | undefined;
  #wasCut = false;
  /**
   * The async context that the socket has; kept where something has to wait, which goes on when another request ends.
   */
  #context: AsyncResource | undefined;
  #bytesAtRest = 0;
  #lingers = false;
  #lingerMs: number = DEFAULTS.lingerMs;
  #lingersUntil: NodeJS.Timeout | undefined;
  #onRest: (() => void)[] = [];
  /** Who hears of its end. */
  #cutListeners: CutListener[] | undefined;
  /** How many bytes the kernel had taken when it ended. */
  #bytesAtEnd = 0;
  /** How many it had taken when it was last seen with some left to take. */
  #bytesSeen = 0;
  /** Behind TLS, how many more the records have than what was written, by the handshake alone. */
  #bytesBefore = 0;
  /** Why it was cut, where that was not the client's doing. */
  #cutReason: AbortedError | undefined;

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
      for (const listener of this.#cutListeners ?? []) listener.cut(this.#bytesAtEnd);
    });
  }

  get state(): ConnectionState {
    if (this.#running.length > 0) return 'busy';
    return (this.#heads?.hasBegun ?? this.socket.bytesRead > this.#bytesAtRest) ? 'head' : 'idle';
  }

  get phase(): ConnectionPhase {
    return this.#phase;
  }

  /** Whether what comes may be a request that is served. */
  get takesRequests(): boolean {
    return this.#phase === 'open' || this.#phase === 'last';
  }

  /** Whether no response follows the next one. A refusal, which is none to a request, still follows all of them. */
  get isLast(): boolean {
    return this.#phase !== 'open' && this.#phase !== 'refused';
  }

  /** Whether it was cut with something unsent, because its client did not take it in time. */
  get wasCut(): boolean {
    return this.#wasCut;
  }

  /** Has somebody hear of the end of the connection, until it is over for them. */
  whenCut(listener: CutListener): void {
    if (this.#cutListeners === undefined) {
      if (this.isSecure) this.#bytesBefore = bytesTaken(this.socket) - this.socket.bytesWritten;
      this.#cutListeners = [];
      this.#countAtEnd();
    }
    if (this.#cutListeners.some(({ isOver }) => isOver))
      this.#cutListeners = this.#cutListeners.filter(({ isOver }) => !isOver);
    this.#cutListeners.push(listener);
  }

  forgetCut(listener: CutListener): void {
    this.#cutListeners = this.#cutListeners?.filter((each) => each !== listener);
  }

  /**
   * Whether the kernel has taken so many bytes: of a socket that is destroyed, Node says of each write that it is done.
   */
  hasTaken(bytes: number): boolean {
    const { destroyed, errored } = this.socket;
    // A write that fails is done before the socket is destroyed for it.
    return destroyed ? this.#bytesAtEnd >= bytes : errored === null;
  }

  /** How many bytes the kernel has taken, or had when the connection ended. Known where somebody hears of that. */
  get bytesTaken(): number {
    const { socket } = this;
    return socket.destroyed ? this.#bytesAtEnd : this.#ofAnswers(bytesTaken(socket));
  }

  /** Behind TLS the kernel counts what is around the bytes of answers too. */
  #ofAnswers(bytesTaken: number): number {
    return Math.min(this.socket.bytesWritten, bytesTaken - this.#bytesBefore);
  }

  /** A write that has failed is under way no longer: the kernel counts all of it, and took some. */
  #countLast(error: NodeJS.ErrnoException | null | undefined): number {
    const { socket } = this;
    // Node's streams pass on `null` where they are destroyed without one.
    const hasFailed = error?.syscall === 'write';
    const isLost = socket.writableLength > 0 && this.bytesTaken === socket.bytesWritten;
    return hasFailed || isLost ? this.#ofAnswers(this.#bytesSeen) : this.bytesTaken;
  }

  /**
   * To be called now and then while something is left to take: of a write that fails nobody says how far it had come.
   */
  noteTaken(): void {
    const { destroyed, errored } = this.socket;
    // A write that has failed already is counted as if all of it were taken.
    if (this.#cutListeners !== undefined && !destroyed && errored === null) this.#bytesSeen = bytesTaken(this.socket);
  }

  /** Why it was cut; `undefined` where the client went. */
  get cutReason(): AbortedError | undefined {
    return this.#cutReason;
  }

  /** A socket that is destroyed no longer knows what had left, and one whose write fails not what had before. */
  #countAtEnd(): void {
    const socket = this.socket as Socket & Required<Pick<Socket, '_writev'>>;
    const destroy = socket.destroy.bind(socket);
    const write = socket._write.bind(socket);
    const writeAll = socket._writev.bind(socket);
    const noting = (handOver: () => void): void => {
      this.noteTaken();
      handOver();
      this.noteTaken();
    };
    socket._write = (...args) => noting(() => write(...args));
    socket._writev = (...args) => noting(() => writeAll(...args));
    socket.destroy = (error) => {
      if (!socket.destroyed) this.#bytesAtEnd = this.#countLast(error);
      return destroy(error);
    };
  }

  /** Whether the body of a request is still to come. */
  get isReceiving(): boolean {
    return this.#newest?.isReceiving === true;
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
  start(exchange: CarriedExchange): void {
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
  admit(exchange: CarriedExchange): void {
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
  finish(exchange: CarriedExchange): void {
    const index = this.#running.indexOf(exchange);
    if (index === -1) return;
    if (this.#running.length === 1) this.#running.pop();
    else this.#running.splice(index, 1);
    if (this.#waiting.length > 0) this.inContext(() => this.#startWaiting());
    if (this.#running.length === 0) this.#rest();
    else if (index === 0) this.#running[0]?.takeTurn();
  }

  /** Whether an earlier request has to be answered before this one. */
  mustWait(exchange: CarriedExchange): boolean {
    return this.#running.length > 1 && this.#running.indexOf(exchange) > 0;
  }

  /** The next response shall be the last: the server drains, or the app has asked for it. */
  closeAfterNext(): void {
    this.#enter('last');
  }

  /** The last request has come: it says so, or what was sent with it cannot be followed by another one. */
  closeAfterNewest(): void {
    this.#enter('closing');
  }

  /**
   * The response has no end but that of the connection (RFC 9112 §6.3): what waits behind it is dropped.
   */
  closeAfter(exchange: CarriedExchange): void {
    this.#enter('closing');
    this.#waiting.length = 0;
    this.#newest = exchange;
  }

  /**
   * Asked for a response that is about to be sent: whether it is the last one. A later request that has come keeps it
   * from that; if none has, none is read any more.
   */
  endsWith(exchange: CarriedExchange): boolean {
    if (!this.isLast || this.#newest !== exchange) return false;
    this.#enter('closing');
    return true;
  }

  /**
   * What came last is no request. Where nothing else has ended the connection, and only once, calls when all that came
   * before is answered.
   */
  refuse(answer: () => void): void {
    if (!this.#enter('refused')) return;
    this.whenAtRest(() => {
      if (this.#phase === 'refused') answer();
    });
  }

  /** The request that came last, until it has come whole and is answered. */
  get newest(): CarriedExchange | undefined {
    return this.#newest;
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

  /** From now on it is read by a lane that looks at whole requests only. */
  readWhole(): void {
    this.#heads = NO_PARTS;
  }

  /**
   * From now on it is read by a lane that may have a part of a head.
   *
   * @param bytesUsed how much of what was read belongs to earlier requests
   */
  readParts(heads: HeadReader, bytesUsed: number): void {
    this.#heads = heads;
    this.#bytesAtRest = bytesUsed;
  }

  abort(reason: AbortedError): void {
    if (reason.code !== 'ERR_PORTLIGHT_CLIENT_GONE') this.#cutReason = reason;
    for (const exchange of this.#running) exchange.abort(reason);
  }

  /**
   * Sends the last bytes, once, and closes, giving the client time to read them: a socket that is destroyed with bytes
   * unread sends a reset, which can overtake the answer (RFC 9112 §9.6).
   *
   * @param onSent called when the kernel has them; never where the connection is cut before
   */
  end(lastBytes: Uint8Array = NOTHING, onSent?: () => void): void {
    const { socket } = this;
    if (!this.#enter('ending') || socket.destroyed) return;
    socket.end(lastBytes);
    if (onSent !== undefined) socket.once('finish', onSent);
    socket.resume();
    if (socket.writableFinished) this.#linger();
    else socket.once('finish', () => this.#linger());
    socket.once('close', () => clearTimeout(this.#lingersUntil));
  }

  /** The server stops: from now on what the client still sends is taken for a second at most. */
  hurry(): void {
    this.#lingerMs = DEFAULTS.drainLingerMs;
    if (this.#lingersUntil !== undefined) this.#linger();
  }

  /**
   * The last answer is out, or none is wanted: closes as soon as the client has what was sent. Where the kernel has all
   * of it, its close says the end as well as we could, for a call less.
   */
  close(): void {
    const { socket } = this;
    if (socket.writableLength === 0 && !this.isSecure && !this.#lingers) socket.destroy();
    else socket.destroySoon();
    this.#enter('ending');
  }

  /** Ends it at once, with what is unsent. */
  cut(): void {
    if (this.#running.length > 0 || this.socket.writableLength > 0) this.#wasCut = true;
    this.socket.destroy();
  }

  /**
   * What was sent of the last request is not all read. Whoever closes the connection behind the answer, node:http for
   * one, gets what {@link end} does: the client sees the end of the answer at once.
   */
  lingerAtEnd(): void {
    this.#lingers = true;
    this.socket.destroySoon = () => this.end();
  }

  /** The last answer has left. The client has a while to close its side too. */
  #linger(): void {
    clearTimeout(this.#lingersUntil);
    this.#lingersUntil = setTimeout(() => this.cut(), this.#lingerMs).unref();
  }

  /** Tells the handlers that are at work that the client is gone. */
  #abandon(how: string): void {
    if (this.#running.length > 0) this.abort(new AbortedError(how, 'ERR_PORTLIGHT_CLIENT_GONE'));
  }

  /**
   * What a request puts into its async context must not be found by the next one, so each has a resource of its own.
   */
  #begin(exchange: CarriedExchange): void {
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

  #enter(phase: ConnectionPhase): boolean {
    if (!mayFollow(this.#phase, phase)) return false;
    this.#phase = phase;
    return true;
  }

  #rest(): void {
    // An idle connection keeps nothing of what it has brought, but for a body that is still to come.
    if (this.#newest?.isReceiving !== true) this.#newest = undefined;
    if (this.#heads !== NO_PARTS) this.#bytesAtRest = this.socket.bytesRead;
    if (this.#phase === 'closing') this.close();
    if (this.#onRest.length === 0) return;
    const listeners = this.#onRest;
    this.#onRest = [];
    for (const listener of listeners) listener();
  }
}

function ignore(): void {}
