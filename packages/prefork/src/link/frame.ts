/** What a frame is: a message, a call, its answer, or why there is none. */
export const FRAME_KINDS = { tell: 0, call: 1, answer: 2, failure: 3 } as const;

type FrameKind = (typeof FRAME_KINDS)[keyof typeof FRAME_KINDS];

/** What goes over a link in one piece. */
export interface Frame {
  readonly kind: FrameKind;
  /** Of the call; 0 for a message. */
  readonly id: number;
  /** What is called or told; `''` for an answer. */
  readonly name: string;
  /** What JSON can say; `undefined` for nothing. */
  readonly data: unknown;
  /** Bytes that nobody on the way looks at. */
  readonly body: Uint8Array | undefined;
}

/** Largest frame: what claims to be longer is none. */
const MAX_FRAME_BYTES = 512 * 1024 * 1024;
/** Length of the rest, kind, id, length of the text. */
const HEAD_BYTES = 4 + 1 + 4 + 4;

/**
 * Length of the rest (4 bytes), kind (1), id (4), length of the text (4), the text, the body. The text is the name, a
 * line feed, and data as JSON.
 *
 * @throws {TypeError} on data that has no JSON
 */
export function encodeFrame({ kind, id, name, data, body }: Frame): readonly Uint8Array[] {
  const text = data === undefined ? name : `${name}\n${JSON.stringify(data)}`;
  const textBytes = Buffer.byteLength(text);
  const head = Buffer.allocUnsafe(HEAD_BYTES + textBytes);
  head.writeUInt32LE(HEAD_BYTES - 4 + textBytes + (body?.byteLength ?? 0), 0);
  head.writeUInt8(kind, 4);
  head.writeUInt32LE(id, 5);
  head.writeUInt32LE(textBytes, 9);
  head.write(text, HEAD_BYTES);
  return body === undefined || body.byteLength === 0 ? [head] : [head, body];
}

/** Frames out of bytes that come in any pieces. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** How many are needed before it is worth looking. */
  #wanted = HEAD_BYTES;

  /**
   * The frames that are complete by now. Their bodies are parts of what was given, and not copied.
   *
   * @throws {RangeError} on bytes that are no frame
   */
  read(bytes: Buffer): readonly Frame[] {
    this.#pieces.push(bytes);
    this.#bytes += bytes.byteLength;
    if (this.#bytes < this.#wanted) return [];
    const all = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces, this.#bytes);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      const length = all.byteLength - at < HEAD_BYTES ? HEAD_BYTES : lengthAt(all, at);
      this.#wanted = length;
      if (all.byteLength - at < length) break;
      frames.push(decode(all.subarray(at, at + length)));
      at += length;
    }
    this.#pieces = at === all.byteLength ? [] : [all.subarray(at)];
    this.#bytes = all.byteLength - at;
    return frames;
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at) + 4;
  if (length < HEAD_BYTES || length > MAX_FRAME_BYTES)
    throw new RangeError(`A frame of ${length} bytes cannot be: the other side does not speak this language.`);
  return length;
}

function decode(frame: Buffer): Frame {
  const kind = frame.readUInt8(4);
  const textEnd = HEAD_BYTES + frame.readUInt32LE(9);
  if (kind > FRAME_KINDS.failure || textEnd > frame.byteLength)
    throw new RangeError('A frame is not in order: the other side does not speak this language.');
  const text = frame.toString('utf8', HEAD_BYTES, textEnd);
  const cut = text.indexOf('\n');
  return {
    kind: kind as FrameKind,
    id: frame.readUInt32LE(5),
    name: cut === -1 ? text : text.slice(0, cut),
    data: cut === -1 ? undefined : (JSON.parse(text.slice(cut + 1)) as unknown),
    body: textEnd === frame.byteLength ? undefined : frame.subarray(textEnd),
  };
}
