import { randomBytes } from 'node:crypto';

/** Stands in JSON text for bytes that follow it. No client sees it, so that none can send it. */
const MARK = randomBytes(15).toString('base64url');
/** In bytes, of the number in front. */
const LENGTH_BYTES = 4;

/** In front of the bytes. */
interface Head {
  readonly mark: string;
  readonly sizes: readonly number[];
  readonly message: unknown;
}

/**
 * What servers say to each other: JSON text, since that is what clients get of it; with bytes in it, the length of the
 * text, the text, and the bytes.
 *
 * @throws what has no JSON: a bigint, a cycle
 */
export function encodeMessage(message: unknown): string | Uint8Array {
  const parts: Uint8Array[] = [];
  const text = JSON.stringify(message, function (this: Record<string, unknown>, key: string, value: unknown) {
    // What a Buffer makes of itself for JSON has come instead of it.
    const bytes = bytesOf(this[key]);
    return bytes === undefined ? value : `${MARK}${parts.push(bytes) - 1}`;
  });
  if (parts.length === 0) return text;
  const sizes = parts.map(({ byteLength }) => byteLength);
  // Only the marks were found out on the way.
  const head = Buffer.from(`{"mark":"${MARK}","sizes":${JSON.stringify(sizes)},"message":${text}}`);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.byteLength);
  return Buffer.concat([length, head, ...parts]);
}

/** @throws what cannot be read */
export function decodeMessage(payload: string | Uint8Array): unknown {
  if (typeof payload === 'string') return JSON.parse(payload);
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const end = LENGTH_BYTES + bytes.readUInt32BE();
  const text = bytes.toString('utf8', LENGTH_BYTES, end);
  const { mark, sizes } = JSON.parse(text) as Head;
  let at = end;
  const parts = sizes.map((size) => bytes.subarray(at, (at += size)));
  const { message } = JSON.parse(text, (key, value: unknown) => {
    if (typeof value !== 'string' || key === 'mark' || !value.startsWith(mark)) return value;
    return parts[Number(value.slice(mark.length))];
  }) as Head;
  return message;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
