import type { Connection } from '../connection.ts';
import type { Services } from '../exchange.ts';
import { FastExchange } from './fast-exchange.ts';
import type { HeadParser } from './head-parser.ts';
import { ReceivedBody } from './received-body.ts';

/** What a lane gives to each of its connections. */
export interface Lane {
  readonly services: Services;
  readonly parser: HeadParser;
  /** The field lines of a response after which the connection goes on. */
  readonly persistence: string;
  /** Gives a connection that is at rest to the other lane. */
  handOver(carrier: FastConnection): void;
}

/** Answers to pipelined requests leave together, but no more of them than this, in characters. */
const MOST_UNSENT = 65_536;

/** One connection as long as it is on the fast lane: requests out of the bytes that come, responses in their order. */
export class FastConnection {
  readonly connection: Connection;
  readonly persistence: string;
  /** How many requests it brought. */
  requests = 0;
  readonly #lane: Lane;
  /** What came last, as bytes and as text of one character a byte, and how much of it is used. */
  #bytes: Buffer = NO_BYTES;
  #text = '';
  #used = 0;
  /** Responses that leave when all requests that came together were begun. */
  #unsent = '';
  #isReading = false;
  /** The client waits for us: nothing more is read from it. */
  #isHeld = false;
  #hasEnded = false;
  #isLeaving = false;

  constructor(connection: Connection, lane: Lane) {
    this.connection = connection;
    this.persistence = lane.persistence;
    this.#lane = lane;
    connection.hasWholeRequests = true;
    connection.socket.on('data', this.#onData);
    connection.socket.on('end', this.#onEnd);
  }

  /** Begins as many of the requests that came as may begin now. */
  proceed(): void {
    if (this.#isReading || this.#isLeaving) return;
    this.#isReading = true;
    const isThrough = this.#readRequests();
    this.#isReading = false;
    this.flush();
    if (this.#isLeaving) return this.#leave();
    this.#hold(!isThrough);
    if (isThrough && this.#hasEnded && this.connection.state !== 'busy') this.connection.socket.end();
  }

  /** Sends text, each character a byte, or keeps it for the responses to requests that came together. */
  write(text: string): void {
    this.#unsent += text;
    if (!this.#isReading || this.connection.isLast || this.#unsent.length >= MOST_UNSENT) this.flush();
  }

  /** Sends a response whose body is bytes. */
  writeWithBytes(head: string, body: Uint8Array): void {
    const { socket } = this.connection;
    this.#unsent += head;
    socket.cork();
    this.flush();
    socket.write(body);
    socket.uncork();
  }

  flush(): void {
    if (this.#unsent === '') return;
    const text = this.#unsent;
    this.#unsent = '';
    this.connection.socket.write(text, 'latin1');
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
    this.#used = 0;
    this.proceed();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.proceed();
  };

  /** Whether all that came is used; what is not has to wait, or is for the other lane. */
  #readRequests(): boolean {
    const { connection } = this;
    const { parser, services } = this.#lane;
    while (this.#used < this.#text.length) {
      if (connection.isClosing || connection.isRefused) break;
      if (connection.socket.writableNeedDrain) {
        connection.socket.once('drain', () => this.proceed());
        return false;
      }
      if (!this.#readRequest(parser)) {
        this.#isLeaving = true;
        return false;
      }
      if (!connection.mayStart(parser)) return false;
      if (parser.asksToClose) connection.isLast = connection.isClosing = true;
      this.requests += 1;
      connection.start(new FastExchange(parser, this.#takeBody(parser), this, services));
    }
    this.#text = '';
    this.#bytes = NO_BYTES;
    return true;
  }

  /** A request that is there from its first byte to its last. */
  #readRequest(parser: HeadParser): boolean {
    return parser.read(this.#bytes, this.#text, this.#used) && parser.end + parser.contentLength <= this.#text.length;
  }

  /** Uses up a request. */
  #takeBody({ end, contentLength }: HeadParser): ReceivedBody | undefined {
    this.#used = end + Math.max(contentLength, 0);
    return contentLength > 0 ? new ReceivedBody(this.#bytes.subarray(end, this.#used)) : undefined;
  }

  #hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.connection.socket.pause();
    else this.connection.socket.resume();
  }

  /** Gives the connection, and what is not used of its bytes, to the other lane once the responses are out. */
  #leave(): void {
    const { connection } = this;
    connection.socket.pause();
    connection.whenAtRest(() => {
      if (connection.socket.destroyed || connection.isLast) return;
      connection.socket.off('data', this.#onData);
      connection.socket.off('end', this.#onEnd);
      connection.unread(this.#bytes.subarray(this.#used));
      this.#lane.handOver(this);
      connection.socket.resume();
    });
  }
}

const NO_BYTES = Buffer.alloc(0);
