/** How often a delimiter was seen. */
export interface DelimiterCount {
  count: number;
}

/**
 * Lets the bytes of a multipart body through and counts its delimiters (RFC 2046 §5.1.1): the parser is silent about a part
 * whose head it cannot use, and so the number of parts tells whether one was lost.
 */
export async function* countDelimiters(body: AsyncIterable<Uint8Array>, boundary: string, seen: DelimiterCount): AsyncGenerator<Uint8Array> {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // The first delimiter may stand at the very beginning.
  let carry = Buffer.from('\r\n');
  for await (const chunk of body) {
    const bytes = Buffer.concat([carry, chunk]);
    for (let at = bytes.indexOf(delimiter); at !== -1; at = bytes.indexOf(delimiter, at + delimiter.length)) seen.count += 1;
    carry = bytes.subarray(Math.max(afterLast(bytes, delimiter), bytes.length - delimiter.length + 1));
    yield chunk;
  }
}

/** Where nothing of a delimiter that was counted is left. */
function afterLast(bytes: Buffer, delimiter: Buffer): number {
  const last = bytes.lastIndexOf(delimiter);
  return last === -1 ? 0 : last + delimiter.length;
}
