/** A response as it stood on the wire. */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case; repeated fields joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface WireResponses {
  readonly complete: readonly WireResponse[];
  /** What came after the last complete response. */
  readonly rest: string;
}

/**
 * Cuts what came over a connection into responses, strictly: what is not complete stays in `rest`.
 *
 * @param withoutBody which of the responses, counted from 0, answer a HEAD
 */
export function readResponses(text: string, withoutBody: readonly number[] = []): WireResponses {
  const complete: WireResponse[] = [];
  let rest = text;
  for (;;) {
    const read = readOne(rest, withoutBody.includes(complete.length));
    if (read === undefined) return { complete, rest };
    complete.push(read.response);
    rest = rest.slice(read.length);
  }
}

function readOne(
  text: string,
  isHead: boolean,
): { readonly response: WireResponse; readonly length: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`Not a status line: ${JSON.stringify(statusLine)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  const body =
    isHead || status === 204 || status === 304 ? { text: '', length: 0 } : readBody(text.slice(end + 4), headers);
  return body === undefined
    ? undefined
    : { response: { status, headers, body: body.text }, length: end + 4 + body.length };
}

function readBody(
  text: string,
  headers: ReadonlyMap<string, string>,
): { readonly text: string; readonly length: number } | undefined {
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(text);
  const declared = headers.get('content-length');
  if (declared === undefined) throw new Error('A response with neither a length nor chunks.');
  const length = Number(declared);
  return text.length < length ? undefined : { text: text.slice(0, length), length };
}

function readChunks(text: string): { readonly text: string; readonly length: number } | undefined {
  let body = '';
  let at = 0;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) return undefined;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
    if (size === 0) return { text: body, length: at };
  }
}
