const LINE_FEED = 0x0a;
/** Of a line that asks for something, as far as it is there. */
const REQUEST_LINE = /^(?:\r?\n)?[!-~]+ \S+ HTTP\/\d\.\d\r?\n/;
const BEGINS_TEXT = /^[\r\n!-~]/;

/**
 * Whether a child may begin with what a client has sent: a whole head, or what will never be one. A client that sends
 * half a head holds no child.
 *
 * @param known how many of the bytes were looked at before
 */
export function mayBegin(bytes: Buffer, known: number, maxHeaderBytes: number): boolean {
  if (bytes.byteLength >= maxHeaderBytes) return true;
  const from = Math.max(0, known - 2);
  if (bytes.indexOf('\n\r\n', from) !== -1 || bytes.indexOf('\n\n', from) !== -1) return true;
  if (known === 0 && !BEGINS_TEXT.test(bytes.toString('latin1', 0, 1))) return true;
  // The first line is looked at once, when it is whole.
  const lineEnd = bytes.indexOf(LINE_FEED, 2);
  return lineEnd !== -1 && lineEnd >= known && !REQUEST_LINE.test(bytes.toString('latin1', 0, lineEnd + 1));
}
