import { createHash } from 'node:crypto';

/** A response as a client sees it, in a form that two of them can be compared in. */
export interface WireResponse {
  readonly line: string;
  /** `name: value` with names in lower case, sorted; of `date` only that it is there. */
  readonly fields: readonly string[];
  readonly body: string;
}

export interface Wire {
  readonly responses: readonly WireResponse[];
  /** How many of them are final, not 1xx. */
  readonly finals: number;
  /** What is no complete response: head and body in the same form, or bytes as they came. */
  readonly rest: string | WireResponse;
  /** The last complete response says that nothing follows. */
  readonly saysClose: boolean;
  /** How many bytes there must be before more can be complete. */
  readonly needs: number;
}

const LONG = 4_000;
const WITHOUT_BODY = /^HTTP\/1\.1 (?:1\d\d|204|304) /;

/**
 * Cuts what came over a connection into responses.
 *
 * @param heads which of the final responses, counted from 0, answer a HEAD
 * @param hasEnded whether nothing more will come, so that a body without an end is over
 */
export function readWire(text: string, heads: readonly number[], hasEnded: boolean): Wire {
  const responses: WireResponse[] = [];
  let finals = 0;
  let at = 0;
  let saysClose = false;
  for (;;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end === -1) return { responses, finals, rest: text.slice(at), saysClose, needs: text.length + 1 };
    const { line, fields } = readHead(text.slice(at, end));
    const hasBody = !WITHOUT_BODY.test(line) && !heads.includes(finals);
    const body = hasBody ? readBody(text, end + 4, fields, hasEnded) : { text: '', end: end + 4, needs: 0 };
    if (body.end === undefined)
      return { responses, finals, rest: { line, fields, body: body.text }, saysClose, needs: body.needs };
    responses.push({ line, fields, body: body.text });
    saysClose = fields.includes('connection: close');
    if (!/^HTTP\/1\.1 1\d\d /.test(line)) finals += 1;
    at = body.end;
  }
}

/** Heads with their fields in one order, wherever they stand; all other bytes stay as they are. */
export function sortHeads(text: string): string {
  return text.replace(/HTTP\/1\.1 \d{3} [^\r]*\r\n(?:[^\r\n]+\r\n)*\r\n/g, (head) => {
    const { line, fields } = readHead(head.slice(0, -4));
    return [line, ...fields, '', ''].join('\r\n');
  });
}

function readHead(text: string): Pick<WireResponse, 'line' | 'fields'> {
  const [line = '', ...lines] = text.split('\r\n');
  const fields = lines.map((each) => {
    const colon = each.indexOf(':');
    const name = each.slice(0, colon).toLowerCase();
    return name === 'date' ? 'date' : `${name}:${each.slice(colon + 1)}`;
  });
  // Fields of one name keep their order; sorting is stable.
  return {
    line,
    fields: fields.sort((one, other) => compare(one.split(':', 1)[0] as string, other.split(':', 1)[0] as string)),
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

interface Body {
  readonly text: string;
  /** Where it ends; `undefined` while it is not all there. */
  readonly end: number | undefined;
  readonly needs: number;
}

function readBody(text: string, start: number, fields: readonly string[], hasEnded: boolean): Body {
  if (fields.includes('transfer-encoding: chunked')) return readChunks(text, start);
  const length = fields.find((field) => field.startsWith('content-length: '))?.slice(16);
  if (length === undefined)
    return { text: text.slice(start), end: hasEnded ? text.length : undefined, needs: text.length + 1 };
  const end = start + Number(length);
  return { text: text.slice(start, end), end: end <= text.length ? end : undefined, needs: end };
}

function readChunks(text: string, start: number): Body {
  let body = '';
  for (let at = start; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return { text: body, end: undefined, needs: text.length + 1 };
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    // What came of the last chunk counts as well where the connection is cut.
    if (!(next <= text.length)) return { text: body + text.slice(lineEnd + 2), end: undefined, needs: next };
    body += text.slice(lineEnd + 2, next - 2);
    at = next;
    if (size === 0) return { text: body, end: at, needs: 0 };
  }
}

/** Megabytes make no message: a long text as its length and hash. */
export function shorten(text: string): string {
  return text.length <= LONG
    ? text
    : `${text.length} bytes, ${createHash('sha256').update(text, 'latin1').digest('hex')}`;
}
