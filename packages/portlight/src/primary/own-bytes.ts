/** Bytes that may be kept: those of a much larger piece that came at once are copied out of it. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  // Not by Buffer, whose pool would be kept along with a few bytes.
  return bytes.byteLength * 2 < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes;
}
