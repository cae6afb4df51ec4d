/** A request as a strict reader sees it. */
export interface ReadRequest {
  readonly method: string;
  /** Without the query, and without the authority of an absolute form. */
  readonly path: string;
  /** `undefined` where it is damaged or not complete. */
  readonly body: string | undefined;
}

export interface ReadRequests {
  readonly requests: readonly ReadRequest[];
  /** Whether something came after them that is no request, or not the whole of one. */
  readonly hasRest: boolean;
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) +([\x21-\x7e]+) +HTTP\/1\.(\d)$/;
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/;
const SIZE_LINE = /^([0-9a-fA-F]{1,16})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const METHODS_OF_TUNNELS = new Set(['CONNECT', 'PRI']);

interface Head {
  readonly method: string;
  readonly path: string;
  readonly isLast: boolean;
  readonly body: 'none' | 'chunked' | number;
}

/** Cuts bytes into requests by the letter of RFC 9112, independently of the parser under test. */
export function readRequests(bytes: string): ReadRequests {
  const requests: ReadRequest[] = [];
  let at = 0;
  for (;;) {
    // Empty lines, of whatever line ends, may stand before a request (§2.2).
    while (bytes[at] === '\r' || bytes[at] === '\n') at += 1;
    if (at >= bytes.length) return { requests, hasRest: false };
    const end = bytes.indexOf('\r\n\r\n', at);
    const head = end === -1 ? undefined : readHead(bytes.slice(at, end).split('\r\n'));
    if (head === undefined) return { requests, hasRest: true };
    const body =
      head.body === 'chunked'
        ? readChunks(bytes, end + 4)
        : readLength(bytes, end + 4, head.body === 'none' ? 0 : head.body);
    requests.push({ method: head.method, path: head.path, body: body?.text });
    if (body === undefined) return { requests, hasRest: true };
    at = body.end;
    if (head.isLast) return { requests, hasRest: false };
  }
}

function readHead([requestLine = '', ...lines]: readonly string[]): Head | undefined {
  const [, method = '', target = '', minor] = REQUEST_LINE.exec(requestLine) ?? [];
  if (method === '' || METHODS_OF_TUNNELS.has(method)) return undefined;
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value = ''] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined) return undefined;
    fields.set(name.toLowerCase(), [...(fields.get(name.toLowerCase()) ?? []), value.replace(/[\t ]+$/, '')]);
  }
  const body = readFraming(fields, minor !== '0');
  if (body === undefined) return undefined;
  const options = [...(fields.get('connection') ?? []), ...(fields.get('proxy-connection') ?? [])]
    .join()
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
  const isLast =
    options.includes('close') ||
    (minor === '0' && !options.includes('keep-alive')) ||
    (options.includes('upgrade') && fields.has('upgrade'));
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 1)[0] as string;
  return { method, path: path === '' ? '/' : path, isLast, body };
}

function readFraming(fields: ReadonlyMap<string, readonly string[]>, isVersion11: boolean): Head['body'] | undefined {
  const lengths = fields.get('content-length');
  const codings = fields.get('transfer-encoding');
  if (codings !== undefined)
    return isVersion11 && lengths === undefined && codings.join().toLowerCase() === 'chunked' ? 'chunked' : undefined;
  if (lengths === undefined) return 'none';
  return lengths.length === 1 && /^\d{1,15}$/.test(lengths[0] as string) ? Number(lengths[0]) : undefined;
}

function readLength(
  bytes: string,
  at: number,
  length: number,
): { readonly text: string; readonly end: number } | undefined {
  return bytes.length < at + length ? undefined : { text: bytes.slice(at, at + length), end: at + length };
}

function readChunks(bytes: string, start: number): { readonly text: string; readonly end: number } | undefined {
  let text = '';
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = lineEnd === -1 ? undefined : SIZE_LINE.exec(bytes.slice(at, lineEnd))?.[1];
    if (size === undefined) return undefined;
    const length = Number.parseInt(size, 16);
    at = lineEnd + 2;
    if (length === 0) return readTrailers(bytes, at, text);
    if (!bytes.startsWith('\r\n', at + length)) return undefined;
    text += bytes.slice(at, at + length);
    at += length + 2;
  }
}

function readTrailers(
  bytes: string,
  start: number,
  text: string,
): { readonly text: string; readonly end: number } | undefined {
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const line = bytes.slice(at, lineEnd);
    at = lineEnd + 2;
    if (line === '') return { text, end: at };
    if (!FIELD_LINE.test(line)) return undefined;
  }
}
