import { ReplyError } from '../errors/reply-error.ts';

export interface RawResponse {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
}

const STATUS_LINE = /^HTTP\/1\.[01] ([2-5]\d\d)(?: [^\r\n]*)?$/;
/** Framing is decided when the response is sent, by the bytes that there are. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'connection', 'keep-alive', 'date']);

/**
 * Reads a response written out as text (RFC 9112 §2.1). Lines end in CRLF or LF.
 *
 * @throws {ReplyError} when it is none, or when its body is in chunks
 */
export function parseRawResponse(text: string): RawResponse {
  const border = /\r?\n\r?\n/.exec(text);
  const head = border === null ? text : text.slice(0, border.index);
  const [statusLine = '', ...lines] = head.split(/\r?\n/);
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined)
    throw new ReplyError(
      `A raw response begins with a status line such as "HTTP/1.1 200 OK", not ${JSON.stringify(statusLine.slice(0, 80))}.`,
    );
  const fields = lines
    .filter((line) => line !== '')
    .map(parseField)
    .filter(([name]) => !FRAMING.has(name));
  const body = border === null ? '' : text.slice(border.index + border[0].length);
  return { status: Number(status), fields, body };
}

function parseField(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  if (colon < 1)
    throw new ReplyError(`A raw response has a header line without a name: ${JSON.stringify(line.slice(0, 80))}.`);
  const name = line.slice(0, colon).toLowerCase();
  if (name === 'transfer-encoding')
    throw new ReplyError('A raw response holds its body as it is; Transfer-Encoding is not read.');
  return [name, line.slice(colon + 1).trim()];
}
