import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const ONE = 0x31;
const BLANK_LINE = '\r\n\r\n';

/** What stands before the minor version of a later HTTP/1 (RFC 9110 §2.5: whoever knows 1.1 can read it). */
const LATER_VERSION = /^\S+ +\S+ +HTTP\/1\.(?=[2-9](?:\r|$))/;
/** The fields that llhttp reads by itself, with a tab in their value. */
const TABBED_FIELD = /(?<=\r\n)(?:content-length|transfer-encoding|connection|proxy-connection):[^\r\n]*\t[^\r\n]*/gi;
/** What says where the message ends, or that it is the last one that is read here. */
const FRAMING = /\r\n(content-length|transfer-encoding|upgrade):[ \t]*([^\r\n]*)/gi;

/**
 * Looks at the bytes of a connection before llhttp does, which stays the judge of what is HTTP. It writes two lawful
 * things that llhttp refuses in the form that it takes: a later minor version, and a tab in the white space around a
 * value that frames (RFC 9112 §5). And it knows the request lines, for what is to be said of one that was refused, and
 * whether a head has begun.
 *
 * Behind a body in chunks it looks on only where a packet begins that for certain begins with a head: it must never
 * take a piece of a body for one.
 */
export class HeadWatch {
  readonly #socket: Socket;
  readonly #maxHeadBytes: number;
  /** Of heads that llhttp has not told of yet, in their order. */
  readonly #requestLines: string[] = [];
  /** What came of a head that is not complete. */
  #head = '';
  /** How much of a body is still to come. */
  #bodyBytes = 0;
  /** Where the next head begins is llhttp's to know. */
  #isLost = false;
  #newest: IncomingMessage | undefined;
  /** The last bytes that came. */
  #tail = '';

  /** Begins. To be called when node:http listens to the socket already: what is seen first here comes to it as well. */
  constructor(socket: Socket, maxHeadBytes: number) {
    this.#socket = socket;
    this.#maxHeadBytes = maxHeadBytes;
    socket.prependListener('data', this.#look);
  }

  /** The request line of the head that is read, as it came; less of it where no more came. */
  get requestLine(): string {
    return this.#requestLines[0] ?? lineOf(this.#head);
  }

  /** Whether a part of a head has come, and no more; `undefined` where that is llhttp's to know. */
  get hasBegun(): boolean | undefined {
    return this.#isLost ? undefined : this.#head !== '';
  }

  /** The head was read. @returns its request line, or `undefined` where it was not seen */
  next(message: IncomingMessage): string | undefined {
    this.#newest = message;
    return this.#requestLines.shift();
  }

  /** What follows is no HTTP. */
  stop(): void {
    this.#socket.off('data', this.#look);
  }

  readonly #look = (bytes: Buffer): void => {
    const isBoundary = this.#newest?.complete === true && this.#tail === BLANK_LINE;
    this.#tail = (this.#tail + bytes.toString('latin1', Math.max(0, bytes.length - BLANK_LINE.length))).slice(
      -BLANK_LINE.length,
    );
    if (this.#isLost && !isBoundary) return;
    this.#isLost = false;
    for (let at = 0; at < bytes.length && !this.#isLost;) {
      if (this.#bodyBytes === 0) at = this.#readHead(bytes, at);
      const skipped = Math.min(this.#bodyBytes, bytes.length - at);
      this.#bodyBytes -= skipped;
      at += skipped;
    }
  };

  /** @returns where the head ends in the bytes */
  #readHead(bytes: Buffer, start: number): number {
    let at = start;
    // Empty lines before a request line are skipped (RFC 9112 §2.2).
    while (this.#head === '' && (bytes[at] === CR || bytes[at] === LF)) at += 1;
    const before = this.#head.length;
    const found = before === 0 ? bytes.indexOf(BLANK_LINE, at, 'latin1') : -1;
    const text = this.#head + bytes.toString('latin1', at, found === -1 ? bytes.length : found + BLANK_LINE.length);
    const end = text.indexOf(BLANK_LINE, before - BLANK_LINE.length);
    const head = end === -1 ? text : text.slice(0, end + 2);
    tidy(head, (index, byte) => {
      if (index >= before) bytes[at + index - before] = byte;
    });
    if (end === -1) {
      this.#head = head;
      this.#isLost = head.length > this.#maxHeadBytes;
      return bytes.length;
    }
    this.#head = '';
    this.#requestLines.push(lineOf(head));
    this.#frame(head);
    return at + end + BLANK_LINE.length - before;
  }

  #frame(head: string): void {
    for (const [, name = '', value = ''] of head.matchAll(FRAMING)) {
      if (name.length === 14) this.#bodyBytes = Number(value);
      // A number that is none, llhttp refuses.
      if (name.length !== 14 || !Number.isSafeInteger(this.#bodyBytes)) this.#isLost = true;
    }
    if (this.#isLost) this.#bodyBytes = 0;
  }
}

function lineOf(head: string): string {
  const end = head.indexOf('\r\n');
  return end === -1 ? head : head.slice(0, end + 2);
}

/** Says which bytes of a head to change. It keeps its length. */
function tidy(head: string, change: (index: number, byte: number) => void): void {
  const line = LATER_VERSION.exec(head)?.[0];
  if (line !== undefined) change(line.length, ONE);
  if (!head.includes('\t')) return;
  for (const { 0: field, index } of head.matchAll(TABBED_FIELD)) {
    for (let tab = field.indexOf('\t'); tab !== -1; tab = field.indexOf('\t', tab + 1)) change(index + tab, SPACE);
  }
}
