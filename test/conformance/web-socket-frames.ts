import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** What a frame is besides its opcode and payload. */
export interface FrameOptions {
  /** @default true */
  readonly fin?: boolean;
  /** The three reserved bits as a number from 0 to 7; RSV1 is 4. @default 0 */
  readonly rsv?: number;
  /** @default true */
  readonly isMasked?: boolean;
  /** What the head says, whatever the payload is. @default the length of the payload */
  readonly length?: bigint;
  /** How many bytes the length takes beside the seven bits: 0, 2 or 8. @default as few as possible */
  readonly lengthBytes?: number;
}

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** A frame of a client, right or wrong. A string is its UTF-8. */
export function frame(opcode: number, data: string | Uint8Array = '', options: FrameOptions = {}): Buffer {
  const { fin = true, rsv = 0, isMasked = true } = options;
  const payload = Buffer.from(data as Uint8Array);
  const length = options.length ?? BigInt(payload.byteLength);
  const lengthBytes = options.lengthBytes ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const maskBit = isMasked ? 0x80 : 0;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = first;
  head[1] = maskBit | (lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(Number(length), 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(length, 2);
  if (!isMasked) return Buffer.concat([head, payload]);
  for (let index = 0; index < payload.byteLength; index++)
    payload[index] = (payload[index] as number) ^ (MASK[index % 4] as number);
  return Buffer.concat([head, MASK, payload]);
}

/** The body of a close frame. */
export function closeBody(code: number, reason: string | Uint8Array = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason as Uint8Array)]);
}

/** A message in frames of so many bytes. */
export function fragments(opcode: number, data: string | Uint8Array, bytes: number, rsv = 0): readonly Buffer[] {
  const payload = Buffer.from(data as Uint8Array);
  const count = Math.max(1, Math.ceil(payload.byteLength / bytes));
  return Array.from({ length: count }, (_, index) =>
    frame(index === 0 ? opcode : CONTINUATION, payload.subarray(index * bytes, (index + 1) * bytes), {
      fin: index === count - 1,
      rsv: index === 0 ? rsv : 0,
    }),
  );
}

/** What permessage-deflate makes of a message (RFC 7692 §7.2.1), without the messages before it. */
export function deflated(data: string | Uint8Array, windowBits = 15): Buffer {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH, windowBits }).subarray(0, -4);
}

/** What a server said: bytes as a string with a character for each, a close with its code and reason. */
export type ServerEvent =
  readonly ['text' | 'binary' | 'ping' | 'pong', string] | readonly ['close', number | undefined, string];

/** What was agreed on compression, if it was. */
export interface Agreement {
  readonly serverKeepsContext: boolean;
  readonly serverWindowBits: number;
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const WINDOW = 32_768;
const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the frames of a server and allows nothing that RFC 6455 forbids it. */
export class FrameReader {
  readonly events: ServerEvent[] = [];
  /** How many data frames came compressed. */
  compressed = 0;
  readonly #agreement: Agreement | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** How many bytes are needed before it is worth looking again. */
  #wanted = 2;
  #message: { readonly opcode: number; readonly isCompressed: boolean; readonly parts: Buffer[] } | undefined;
  #window: Buffer = Buffer.alloc(0);
  #isClosed = false;

  constructor(agreement?: Agreement) {
    this.#agreement = agreement;
  }

  /** Whether something has begun and is not complete: a frame, or a message. */
  get isInside(): boolean {
    return this.#rest.byteLength + this.#chunkBytes > 0 || this.#message !== undefined;
  }

  /** @throws when the server breaks a rule */
  feed(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#chunkBytes += bytes.byteLength;
    if (this.#rest.byteLength + this.#chunkBytes < this.#wanted) return;
    this.#rest = Buffer.concat([this.#rest, ...this.#chunks]);
    this.#chunks = [];
    this.#chunkBytes = 0;
    while (this.#readFrame());
  }

  #readFrame(): boolean {
    const bytes = this.#rest;
    if (bytes.byteLength < 2) return this.#wait(2);
    const [first, second] = [bytes[0] as number, bytes[1] as number];
    const short = second & 0x7f;
    const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.byteLength < headBytes) return this.#wait(headBytes);
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    assert((second & 0x80) === 0, 'a masked frame (§5.1)');
    assert(
      (short !== 126 || length > 125) && (short !== 127 || length > 65_535),
      'a length that takes more bytes than it needs (§5.2)',
    );
    if (bytes.byteLength < headBytes + length) return this.#wait(headBytes + length);
    this.#take((first & 0x80) !== 0, (first >> 4) & 7, first & 15, bytes.subarray(headBytes, headBytes + length));
    this.#rest = bytes.subarray(headBytes + length);
    return true;
  }

  #wait(bytes: number): false {
    this.#wanted = bytes;
    return false;
  }

  #take(fin: boolean, rsv: number, opcode: number, payload: Buffer): void {
    assert(!this.#isClosed, 'a frame behind the close frame (§5.5.1)');
    assert(
      (rsv & 3) === 0 && (rsv === 0 || (this.#agreement !== undefined && (opcode === TEXT || opcode === BINARY))),
      `the reserved bits ${rsv} (§5.2)`,
    );
    assert([CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG].includes(opcode), `the opcode ${opcode} (§5.2)`);
    if (opcode >= CLOSE) this.#takeControl(fin, opcode, payload);
    else this.#takeData(fin, rsv !== 0, opcode, payload);
  }

  #takeControl(fin: boolean, opcode: number, payload: Buffer): void {
    assert(fin, 'a control frame in fragments (§5.5)');
    assert(payload.byteLength <= 125, 'a control frame of more than 125 bytes (§5.5)');
    if (opcode !== CLOSE) {
      this.events.push([opcode === PING ? 'ping' : 'pong', payload.toString('latin1')]);
      return;
    }
    assert(payload.byteLength !== 1, 'a close frame with half a code (§5.5.1)');
    this.#isClosed = true;
    const code = payload.byteLength === 0 ? undefined : payload.readUInt16BE(0);
    assert(
      code === undefined || (code >= 1000 && code < 5000 && ![1004, 1005, 1006, 1015].includes(code)),
      `the close code ${String(code)} (§7.4)`,
    );
    this.events.push(['close', code, decode(payload.subarray(2))]);
  }

  #takeData(fin: boolean, isCompressed: boolean, opcode: number, payload: Buffer): void {
    assert((opcode === CONTINUATION) === (this.#message !== undefined), 'fragments out of order (§5.4)');
    const message = (this.#message ??= { opcode, isCompressed, parts: [] });
    message.parts.push(payload);
    if (!fin) return;
    this.#message = undefined;
    const data = this.#inflate(message.isCompressed, Buffer.concat(message.parts));
    this.events.push(message.opcode === TEXT ? ['text', decode(data)] : ['binary', data.toString('latin1')]);
  }

  #inflate(isCompressed: boolean, data: Buffer): Buffer {
    if (!isCompressed || this.#agreement === undefined) return data;
    this.compressed += 1;
    const { serverKeepsContext, serverWindowBits } = this.#agreement;
    const dictionary = serverKeepsContext && this.#window.byteLength > 0 ? { dictionary: this.#window } : {};
    const inflated = inflateRawSync(Buffer.concat([data, TAIL]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      windowBits: serverWindowBits,
      ...dictionary,
    });
    this.#window = Buffer.concat([this.#window, inflated]).subarray(-WINDOW);
    return inflated;
  }
}

function decode(bytes: Buffer): string {
  try {
    return strictText.decode(bytes);
  } catch {
    throw new Error('The server sent text that is no UTF-8 (§8.1).');
  }
}

function assert(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The server sent ${what}.`);
}
