import { isHost } from '../../fields/host.ts';
import { isSafeMethod } from '../exchange.ts';

/** What this lane takes of a head: less than HTTP allows, and nothing that two readers could take for two things. */
export interface HeadLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaderLines: number;
  readonly maxUrlBytes: number;
}

const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
const VERSION = Buffer.from(' HTTP/1.');
const ZERO = 0x30;
const ONE = 0x31;
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const SLASH = 0x2f;
const COLON = 0x3a;
/** The bit that letters in lower case have; it changes none of `-`, and no other `tchar` into a letter. */
const LOWER_CASE = 0x20;

/** RFC 9110 §5.6.2: `tchar`. */
const TOKEN = tableOf("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
/**
 * RFC 3986 §3.3 and §3.4: `pchar`, slash, question mark, and the brackets many queries have. The routing looks at the
 * rest.
 */
const TARGET = tableOf("-._~!$&'()*+,;=:@/?%[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
/** RFC 9110 §5.5: `VCHAR` and space. No tab, and no `obs-text`. */
const VALUE = tableOf(Array.from({ length: 0x7f - SPACE }, (_, index) => String.fromCharCode(SPACE + index)).join(''));

/**
 * Reads the head of a request that leaves no question (RFC 9112 §3 to §6), or says that it will not. It never says what
 * is wrong: whatever it does not take is for the other lane to judge.
 *
 * One parser serves all connections: what it found stands in its fields until the next `read`.
 */
export class HeadParser {
  method = '';
  target = '';
  /** The field lines as they came, for {@link readFields}. */
  fieldLines = '';
  /** What Content-Length says; -1 without it. */
  contentLength = -1;
  /** It is HTTP/1.0: no chunks, no Host, and no further request unless it asks for that. */
  isOld = false;
  /** The client wants no further response (RFC 9112 §9.3 and §9.6). */
  asksToClose = false;
  /** Where the body begins, if there is one. */
  end = 0;

  readonly #limits: HeadLimits;
  /** The same twice: numbers are quicker to look at, and strings to cut out. */
  #bytes: Buffer = Buffer.alloc(0);
  #text = '';
  #hosts = 0;
  #asksToStay = false;
  /** The host that came last: most requests name the same one. */
  #lastHost: Uint8Array = VERSION;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  get isSafe(): boolean {
    return !this.isOld && isSafeMethod(this.method);
  }

  /**
   * Reads the head at `start`.
   *
   * @param text the bytes, a character for each
   * @returns whether it took it; else it is incomplete, over a limit, or not quite plain
   */
  read(bytes: Buffer, text: string, start: number): boolean {
    this.#bytes = bytes;
    this.#text = text;
    this.end = start;
    this.contentLength = -1;
    this.asksToClose = false;
    this.#asksToStay = false;
    this.#hosts = 0;
    if (!this.#requestLine() || !this.#readFieldLines() || this.end - start >= this.#limits.maxHeaderBytes)
      return false;
    if (!this.isOld) return this.#hosts === 1;
    // Which of the two counts, the other lane says.
    if (this.asksToClose && this.#asksToStay) return false;
    this.asksToClose = !this.#asksToStay;
    return this.#hosts <= 1;
  }

  /** request-line = method SP request-target SP HTTP-version CRLF (RFC 9112 §3); the target in origin form (§3.2.1). */
  #requestLine(): boolean {
    const method = this.#methodName();
    if (method === '') return false;
    const start = this.end + method.length + 1;
    if (this.#bytes[start - 1] !== SPACE || this.#bytes[start] !== SLASH) return false;
    const end = this.#skip(TARGET, start);
    const minor = end + VERSION.length;
    if (end - start > this.#limits.maxUrlBytes || !this.#isAt(end, VERSION) || !this.#minorVersion(minor)) return false;
    this.method = method;
    // Its own text: a piece of the other one would keep all of it in memory, as long as an app keeps a param.
    this.target = this.#bytes.toString('latin1', start, end);
    return true;
  }

  /** 1.1, or 1.0, which old clients and `ab` speak; then the end of the line. */
  #minorVersion(at: number): boolean {
    const digit = this.#bytes[at];
    this.isOld = digit === ZERO;
    return (digit === ONE || digit === ZERO) && this.#endLine(at + 1);
  }

  /** One of the usual methods, or nothing. */
  #methodName(): string {
    for (const method of METHODS) if (this.#text.startsWith(method, this.end)) return method;
    return '';
  }

  /** *( field-line CRLF ) CRLF (RFC 9112 §2.1) */
  #readFieldLines(): boolean {
    const start = this.end;
    for (let lines = 0; this.#bytes[this.end] !== CR; lines++) {
      if (lines === this.#limits.maxHeaderLines || !this.#fieldLine()) return false;
    }
    this.fieldLines = this.#text.slice(start, this.end);
    return this.#endLine(this.end);
  }

  /**
   * field-line = field-name ":" OWS field-value OWS (RFC 9112 §5); here with a space before the value at most, and none
   * after.
   */
  #fieldLine(): boolean {
    const bytes = this.#bytes;
    const name = this.end;
    const colon = this.#skip(TOKEN, name);
    if (colon === name || bytes[colon] !== COLON) return false;
    const value = bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
    const end = this.#skip(VALUE, value);
    if (end > value && (bytes[value] === SPACE || bytes[end - 1] === SPACE)) return false;
    return this.#endLine(end) && this.#understands(name, colon - name, value, end);
  }

  /** Whether a field leaves framing, host and persistence plain. Most fields have nothing to do with them. */
  #understands(name: number, length: number, value: number, end: number): boolean {
    switch (length) {
      case 4:
        return !this.#isNamed('host', name) || this.#host(value, end);
      case 10:
        return !this.#isNamed('connection', name) || this.#connection(this.#text.slice(value, end));
      case 14:
        return !this.#isNamed('content-length', name) || this.#length(this.#text.slice(value, end));
      case 6:
        return !this.#isNamed('expect', name);
      case 7:
        return !this.#isNamed('upgrade', name);
      case 16:
        return !this.#isNamed('proxy-connection', name);
      case 17:
        return !this.#isNamed('transfer-encoding', name);
      default:
        return true;
    }
  }

  /** RFC 9112 §3.2: exactly one; HTTP/1.0 may have none. */
  #host(start: number, end: number): boolean {
    this.#hosts += 1;
    if (end - start === this.#lastHost.length && this.#isAt(start, this.#lastHost)) return true;
    const host = this.#text.slice(start, end);
    if (!isHost(host)) return false;
    this.#lastHost = Buffer.from(host);
    return true;
  }

  /** RFC 9112 §9.3: one of the two options that say nothing about other fields. */
  #connection(value: string): boolean {
    const option = value.toLowerCase();
    if (option === 'close') this.asksToClose = true;
    else if (option === 'keep-alive') this.#asksToStay = true;
    else return false;
    return true;
  }

  /** RFC 9112 §6.3: one number, in digits. */
  #length(value: string): boolean {
    if (this.contentLength !== -1 || !/^(?:0|[1-9]\d{0,14})$/.test(value)) return false;
    this.contentLength = Number(value);
    return true;
  }

  /** Whether this is the name at `start`, whatever its case; it is as long. */
  #isNamed(lowerCased: string, start: number): boolean {
    const bytes = this.#bytes;
    for (let index = 0; index < lowerCased.length; index++) {
      if (((bytes[start + index] as number) | LOWER_CASE) !== lowerCased.charCodeAt(index)) return false;
    }
    return true;
  }

  #isAt(start: number, expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    for (let index = 0; index < expected.length; index++) if (bytes[start + index] !== expected[index]) return false;
    return true;
  }

  #endLine(at: number): boolean {
    this.end = at + 2;
    return this.#bytes[at] === CR && this.#bytes[at + 1] === LF;
  }

  /** Where the first character stands that is not in the table. */
  #skip(table: Uint8Array, start: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (at < bytes.length && table[bytes[at] as number] === 1) at += 1;
    return at;
  }
}

/** Name, value, name, value of field lines that the parser has taken. */
export function readFields(fieldLines: string): readonly string[] {
  const fields: string[] = [];
  // Each its own text: a piece would keep the whole head in memory, as long as an app keeps one value.
  const bytes = Buffer.from(fieldLines, 'latin1');
  for (let start = 0; start < fieldLines.length;) {
    const colon = fieldLines.indexOf(':', start);
    const end = fieldLines.indexOf('\r\n', colon);
    fields.push(
      bytes.toString('latin1', start, colon),
      bytes.toString('latin1', bytes[colon + 1] === SPACE ? colon + 2 : colon + 1, end),
    );
    start = end + 2;
  }
  return fields;
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}
