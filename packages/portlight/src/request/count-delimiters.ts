/** How often a delimiter was seen. */
export interface DelimiterCount {
  count: number;
}

const SPACE = 0x20;
const TAB = 0x09;
const NOTHING = Buffer.alloc(0);

/**
 * Lets the bytes of a multipart body through and counts its delimiters (RFC 2046 §5.1.1): the parser is silent about a
 * part whose head it cannot use, and so the number of parts tells whether one was lost. The white space that may stand
 * behind a delimiter, which the parser does not know, is left out.
 */
export async function* countDelimiters(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  seen: DelimiterCount,
): AsyncGenerator<Uint8Array> {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // The first delimiter may stand at the very beginning.
  let carry: Buffer = Buffer.from('\r\n');
  let isInPadding = false;
  for await (const chunk of body) {
    const bytes = Buffer.concat([carry, chunk]);
    let passed = carry.length;
    let searched = 0;
    for (;;) {
      if (isInPadding) passed = searched = afterPadding(bytes, passed);
      if (isInPadding && passed === bytes.length) break;
      isInPadding = false;
      const at = bytes.indexOf(delimiter, searched);
      if (at === -1) break;
      seen.count += 1;
      searched = at + delimiter.length;
      if (afterPadding(bytes, searched) === searched && searched < bytes.length) continue;
      yield bytes.subarray(passed, searched);
      passed = searched;
      isInPadding = true;
    }
    if (passed < bytes.length) yield bytes.subarray(passed);
    carry = isInPadding ? NOTHING : bytes.subarray(Math.max(searched, bytes.length - delimiter.length + 1));
  }
}

function afterPadding(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === SPACE || bytes[at] === TAB) at += 1;
  return at;
}
