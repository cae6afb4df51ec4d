import { bringsBody } from '../../request/body-source.ts';
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
  /**
   * Gives a connection that is at rest to the other lane.
   *
   * @param bytesUsed how much of what was read belongs to requests that were served here
   */
  handOver(connection: Connection, bytesUsed: number): void;
}

/** Answers to pipelined requests leave together, but no more of them than this, in characters. */
const MOST_UNSENT = 65_536;

/** One connection as long as it is on the fast lane: requests out of the bytes that come, responses in their order. */
export class FastConnection {
  readonly connection: Connection;
  readonly #lane: Lane;
  /** Responses that leave when all requests that came together were begun. */
  #unsent = '';
  /** Called when that is handed to the kernel. */
  #onSent: (() => void)[] | undefined;
  #isReading = false;
  /** What came last has to wait, in the socket. */
  #isHeld = false;
  /** It waits for its answers before it goes to the other lane. */
  #isLeaving = false;
  #hasEnded = false;
  #awaitsDrain = false;

  constructor(connection: Connection, lane: Lane) {
    this.connection = connection;
    this.#lane = lane;
  }

  /** The field lines of a response after which the connection goes on. */
  get persistence(): string {
    return this.#lane.persistence;
  }

  /** Begins to read. */
  listen(): void {
    this.connection.readWhole();
    this.connection.socket.on('data', this.#onData);
    this.connection.socket.on('end', this.#onEnd);
  }

  /** A request is answered: what waits for that may come. */
  proceed(): void {
    if (this.#isReading || this.#isLeaving) return;
    if (this.#isHeld) {
      this.#isHeld = false;
      this.connection.inContext(() => this.connection.socket.resume());
    } else if (this.#hasEnded && this.connection.state !== 'busy') this.connection.socket.end();
  }

  /** How many bytes the socket was given, or is to be given with the next. */
  get position(): number {
    return this.connection.socket.bytesWritten + this.#unsent.length;
  }

  /** Calls when what is written next is handed to the kernel; never where the connection is cut before. */
  whenSent(listener: () => void): void {
    (this.#onSent ??= []).push(listener);
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
    const onSent = this.#takeListeners();
    this.flush();
    socket.write(body, onSent);
    socket.uncork();
  }

  flush(): void {
    if (this.#unsent === '') return;
    const text = this.#unsent;
    this.#unsent = '';
    this.connection.socket.write(text, 'latin1', this.#takeListeners());
  }

  #takeListeners(): ((error?: Error | null) => void) | undefined {
    const listeners = this.#onSent;
    if (listeners === undefined) return undefined;
    this.#onSent = undefined;
    return (error) => {
      if (error === undefined || error === null) for (const listener of listeners) listener();
    };
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#isReading = true;
    const used = this.#readRequests(bytes, bytes.toString('latin1'));
    this.#isReading = false;
    this.flush();
    if (used === bytes.byteLength) return;
    this.#hold(bytes.subarray(used));
    if (this.#isLeaving) this.#leave(bytes.byteLength - used);
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.proceed();
  };

  /**
   * Begins as many requests as may begin now.
   *
   * @param text the bytes, a character for each
   * @returns how many of the bytes are used; the others have to wait, or are for the other lane
   */
  #readRequests(bytes: Buffer, text: string): number {
    const { connection } = this;
    const { parser, services } = this.#lane;
    let used = 0;
    while (used < bytes.byteLength) {
      if (!connection.takesRequests) return bytes.byteLength;
      if (connection.socket.writableNeedDrain) {
        this.#awaitDrain();
        return used;
      }
      if (!this.#takes(bytes, text, used)) {
        this.#isLeaving = true;
        return used;
      }
      if (!connection.mayStart(parser)) return used;
      const hasBody = bringsBody(parser.contentLength, false);
      used = hasBody ? parser.end + parser.contentLength : parser.end;
      const body = hasBody ? new ReceivedBody(bytes.subarray(parser.end, used)) : undefined;
      if (parser.asksToClose) connection.closeAfterNewest();
      connection.start(new FastExchange(parser, body, this, services));
    }
    return used;
  }

  /** Whether the next request is one of this lane: plain, whole, and not for who wants it from node:http. */
  #takes(bytes: Buffer, text: string, start: number): boolean {
    const { parser, services } = this.#lane;
    return (
      parser.read(bytes, text, start) &&
      parser.end + parser.contentLength <= bytes.byteLength &&
      !services.pipeline.needsNode(parser.method, parser.target)
    );
  }

  #awaitDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.connection.socket.once('drain', () => {
      this.#awaitsDrain = false;
      this.proceed();
    });
  }

  /**
   * Gives bytes back to the socket, which brings them again when it goes on. So the end of the connection comes after
   * them.
   */
  #hold(bytes: Buffer): void {
    this.#isHeld = true;
    this.connection.keepContext();
    this.connection.socket.pause();
    this.connection.socket.unshift(bytes);
  }

  /**
   * Gives the connection to the other lane once the responses are out.
   *
   * @param unused how many bytes went back to the socket
   */
  #leave(unused: number): void {
    const { connection } = this;
    const { socket } = connection;
    const used = socket.bytesRead - unused;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    connection.whenAtRest(() => {
      if (socket.destroyed || connection.phase === 'ending') return;
      this.#lane.handOver(connection, used);
      socket.resume();
    });
  }
}
