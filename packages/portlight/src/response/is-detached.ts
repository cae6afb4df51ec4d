/** Whether the memory of bytes was given away, to a worker for example. */
export function isDetached(bytes: Uint8Array): boolean {
  if (bytes.byteLength > 0) return false;
  try {
    return new Uint8Array(bytes.buffer, 0, 0).byteLength > 0;
  } catch {
    return true;
  }
}
