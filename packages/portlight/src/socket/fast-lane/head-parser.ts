import { isHost } from '../../fields/host.ts';

/** What this lane takes of a head: less than HTTP allows, and nothing that two readers could take for two things. */
export interface HeadLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaderLines: number;
  readonly maxUrlBytes: number;
}

const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
const VERSION = ' HTTP/1.1\r\n';
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
/** The bit that letters in lower case have; it changes none of `-`, and no other `tchar` into a letter. */
const LOWER_CASE = 0x20;

/** RFC 9110 §5.6.2: `tchar`. */
const TOKEN = tableOf("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
/** RFC 3986 §3.3 and §3.4: `pchar`, slash, question mark, and the brackets many queries have. The routing looks at the rest. */
const TARGET = tableOf("-._~!$&'()*+,;=:@/?%[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
/** RFC 9110 §5.5: `VCHAR` and space. No tab, and no `obs-text`. */
const VALUE = tableOf(Array.from({ length: 0x7f - SPACE }, (_, index) => String.fromCharCode(SPACE + index)).join(''));

/**
 * Reads the head of a request that leaves no question (RFC 9112 §3 to §6), or says that it will not. It never says what is wrong:
 * whatever it does not take is for the other lane to judge.
 *
 * One parser serves all connections: what it found stands in its fields until the next `read`.
 */
export class HeadParser {
  method = '';
  target = '';
  /** Name, value, name, value. */
  fields: string[] = [];
  /** What Content-Length says; -1 without it. */
  contentLength = -1;
  /** The client wants no further response (RFC 9112 §9.6). */
  asksToClose = false;
  /** Where the body begins, if there is one. */
  end = 0;

  readonly #limits: HeadLimits;
  #text = '';
  #hosts = 0;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** Reads the head at `start`. `false`: it is incomplete, over a limit, or not quite plain. */
  read(text: string, start: number): boolean {
    this.#text = text;
    this.end = start;
    this.fields = [];
    this.contentLength = -1;
    this.asksToClose = false;
    this.#hosts = 0;
    return this.#requestLine() && this.#fieldLines() && this.#hosts === 1 && this.end - start < this.#limits.maxHeaderBytes;
  }

  /** request-line = method SP request-target SP HTTP-version CRLF (RFC 9112 §3); the target in origin form (§3.2.1). */
  #requestLine(): boolean {
    const text = this.#text;
    const method = this.#methodName();
    const start = this.end + method.length + 1;
    if (text.charCodeAt(start - 1) !== SPACE || text[start] !== '/') return false;
    const end = this.#skip(TARGET, start);
    if (end - start > this.#limits.maxUrlBytes || !text.startsWith(VERSION, end)) return false;
    this.method = method;
    this.target = text.slice(start, end);
    this.end = end + VERSION.length;
    return true;
  }

  /** One of the usual methods, or nothing. */
  #methodName(): string {
    for (const method of METHODS) if (this.#text.startsWith(method, this.end)) return method;
    return '';
  }

  /** *( field-line CRLF ) CRLF (RFC 9112 §2.1) */
  #fieldLines(): boolean {
    const text = this.#text;
    for (let lines = 0; text.charCodeAt(this.end) !== CR; lines++) {
      if (lines === this.#limits.maxHeaderLines || !this.#fieldLine()) return false;
    }
    return this.#endLine(this.end);
  }

  /** field-line = field-name ":" OWS field-value OWS (RFC 9112 §5); here with a space before the value at most, and none after. */
  #fieldLine(): boolean {
    const text = this.#text;
    const colon = this.#skip(TOKEN, this.end);
    if (colon === this.end || text.charCodeAt(colon) !== COLON) return false;
    const start = text.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1;
    const end = this.#skip(VALUE, start);
    if (end > start && (text.charCodeAt(start) === SPACE || text.charCodeAt(end - 1) === SPACE)) return false;
    const name = text.slice(this.end, colon);
    const value = text.slice(start, end);
    this.fields.push(name, value);
    return this.#endLine(end) && this.#understands(name, value);
  }

  /** Whether a field leaves framing, host and persistence plain. Most fields have nothing to do with them. */
  #understands(name: string, value: string): boolean {
    switch (name.length) {
      case 4:
        return !isNamed(name, 'host') || this.#host(value);
      case 10:
        return !isNamed(name, 'connection') || this.#connection(value);
      case 14:
        return !isNamed(name, 'content-length') || this.#length(value);
      case 6:
        return !isNamed(name, 'expect');
      case 7:
        return !isNamed(name, 'upgrade');
      case 16:
        return !isNamed(name, 'proxy-connection');
      case 17:
        return !isNamed(name, 'transfer-encoding');
      default:
        return true;
    }
  }

  /** RFC 9112 §3.2: exactly one. */
  #host(value: string): boolean {
    this.#hosts += 1;
    return isHost(value);
  }

  /** RFC 9112 §9.3: one of the two options that say nothing about other fields. */
  #connection(value: string): boolean {
    const option = value.toLowerCase();
    if (option === 'close') this.asksToClose = true;
    return option === 'close' || option === 'keep-alive';
  }

  /** RFC 9112 §6.3: one number, in digits. */
  #length(value: string): boolean {
    if (this.contentLength !== -1 || !/^(?:0|[1-9]\d{0,14})$/.test(value)) return false;
    this.contentLength = Number(value);
    return true;
  }

  #endLine(at: number): boolean {
    this.end = at + 2;
    return this.#text.charCodeAt(at) === CR && this.#text.charCodeAt(at + 1) === LF;
  }

  /** Where the first character stands that is not in the table. */
  #skip(table: Uint8Array, start: number): number {
    const text = this.#text;
    let at = start;
    while (table[text.charCodeAt(at)] === 1) at += 1;
    return at;
  }
}

/** Whether a name is another one of the same length, whatever its case. */
function isNamed(name: string, lowerCased: string): boolean {
  for (let index = 0; index < name.length; index++) {
    if ((name.charCodeAt(index) | LOWER_CASE) !== lowerCased.charCodeAt(index)) return false;
  }
  return true;
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}
