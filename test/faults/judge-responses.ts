import { type ReadRequest, readRequests } from './read-requests.ts';

interface Answer {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]*$/;
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\x20-\x7e\x80-\xff]*)$/;

/**
 * What is wrong with the responses to some bytes, in a sentence, or `undefined`: they are valid HTTP, no request has
 * two of them, each belongs to the request it is for, none follows the last, and no body was taken for more or less
 * than it is.
 */
export function judgeResponses(sent: string, received: string): string | undefined {
  const { requests, hasRest } = readRequests(sent);
  let rest = received;
  let count = 0;
  let isOver = false;
  while (rest !== '') {
    const request = requests[count];
    const read = readAnswer(rest, request);
    if (typeof read === 'string') return read;
    rest = rest.slice(read.length);
    const { answer } = read;
    if (answer.status < 200) continue;
    if (isOver) return 'A response follows the one that says close.';
    isOver = answer.fields.get('connection')?.toLowerCase() === 'close';
    const problem = judgeAnswer(answer, request);
    if (problem !== undefined) return problem;
    count += 1;
    if (count > requests.length + (hasRest ? 1 : 0))
      return `There are ${requests.length} requests, and more responses.`;
  }
  return undefined;
}

function judgeAnswer({ status, fields, body }: Answer, request: ReadRequest | undefined): string | undefined {
  if (status >= 500 && status !== 501 && status !== 505) return `A client's bytes led to ${status}.`;
  const seen = fields.get('x-seen');
  if (seen === undefined) return status >= 400 ? undefined : `A response ${status} to no request.`;
  if (request === undefined) return `${seen} was served, and is no request.`;
  const expected = `${request.method} ${canonicalPath(request.path)}`;
  if (decodeURIComponent(seen) !== expected)
    return `${JSON.stringify(decodeURIComponent(seen))} was served in place of ${JSON.stringify(expected)}.`;
  if (expected === 'POST /echo' && status === 200 && body !== request.body)
    return `The body ${JSON.stringify(request.body)} was taken for ${JSON.stringify(body)}.`;
  return undefined;
}

/** The path as a server reports it: every escape decoded but those of a slash and a percent sign. */
function canonicalPath(path: string): string {
  try {
    return decodeURIComponent(path.replaceAll('%25', '%2525').replace(/%2f/gi, '%252F'));
  } catch {
    return path;
  }
}

function readAnswer(
  text: string,
  request: ReadRequest | undefined,
): { readonly answer: Answer; readonly length: number } | string {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return `Not a whole head: ${JSON.stringify(text.slice(0, 200))}`;
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(STATUS_LINE.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) return `Not a status line: ${JSON.stringify(statusLine)}`;
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined) return `Not a field line: ${JSON.stringify(line)}`;
    if (fields.has(name.toLowerCase())) return `A field that came twice: ${JSON.stringify(line)}`;
    fields.set(name.toLowerCase(), value);
  }
  const rest = text.slice(end + 4);
  // What the parser refused may or may not have been taken for a HEAD.
  const isHead = fields.has('x-seen')
    ? request?.method === 'HEAD'
    : rest === '' || (request?.method === 'HEAD' && rest.startsWith('HTTP/1.1 '));
  const hasNoBody = isHead || status < 200 || status === 204 || status === 304;
  const body = hasNoBody ? { text: '', length: 0 } : readBody(rest, fields);
  return typeof body === 'string'
    ? body
    : { answer: { status, fields, body: body.text }, length: end + 4 + body.length };
}

function readBody(
  text: string,
  fields: ReadonlyMap<string, string>,
): { readonly text: string; readonly length: number } | string {
  const length = fields.get('content-length');
  const coding = fields.get('transfer-encoding');
  if (length !== undefined && coding !== undefined) return 'A response with a length and a coding.';
  if (coding === 'chunked') return readChunks(text);
  // A body may end with the connection (RFC 9112 §6.3), which is how a stream goes to HTTP/1.0.
  if (length === undefined)
    return fields.get('connection')?.toLowerCase() === 'close'
      ? { text, length: text.length }
      : 'A response without an end.';
  if (!/^\d+$/.test(length) || text.length < Number(length)) return `A body shorter than its length of ${length}.`;
  return { text: text.slice(0, Number(length)), length: Number(length) };
}

function readChunks(text: string): { readonly text: string; readonly length: number } | string {
  let body = '';
  let at = 0;
  for (;;) {
    const [line, size = ''] = /^([0-9a-f]+)\r\n/.exec(text.slice(at, at + 20)) ?? [];
    if (line === undefined) return 'A damaged chunk.';
    const start = at + line.length;
    const length = Number.parseInt(size, 16);
    if (text.slice(start + length, start + length + 2) !== '\r\n') return 'A chunk without an end.';
    body += text.slice(start, start + length);
    at = start + length + 2;
    if (length === 0) return { text: body, length: at };
  }
}
