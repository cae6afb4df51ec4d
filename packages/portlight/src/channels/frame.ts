/** The kinds of data frames (RFC 6455 §5.6). */
type FrameKind = 'text' | 'binary';

const FIN = 0x80;
const OPCODES: Readonly<Record<FrameKind, number>> = { text: 1, binary: 2 };

/** A message as it goes out: once its bytes, once the whole frame around them. */
export interface OutgoingMessage {
  readonly kind: FrameKind;
  readonly payload: Buffer;
  readonly frame: Buffer;
}

/**
 * A message in one frame, unmasked as those of servers are (RFC 6455 §5.1, §5.2). Text is UTF-8, whatever the string
 * holds.
 */
export function toMessage(data: string | Uint8Array): OutgoingMessage {
  const kind = typeof data === 'string' ? 'text' : 'binary';
  const length = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headBytes + length);
  frame[0] = FIN | OPCODES[kind];
  if (headBytes === 2) frame[1] = length;
  else if (headBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (typeof data === 'string') frame.write(data, headBytes, 'utf8');
  else frame.set(data, headBytes);
  return { kind, payload: frame.subarray(headBytes), frame };
}
