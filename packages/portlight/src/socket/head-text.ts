import { statusTitle } from '../errors/status-title.ts';
import { nodeHttp } from './node-http.ts';
import type { ResponseHead } from '../response/response-head.ts';

const CRLF = '\r\n';
/** Said of the connection with the last response on it. */
export const CLOSE = 'Connection: close\r\n';
/** The same, where the response says which protocol is wanted. */
const CLOSE_OR_UPGRADE = 'Connection: close, Upgrade\r\n';
const UPGRADE = 'Connection: Upgrade\r\n';
const STATUS_LINES: Map<number, string> = new Map();
/** The ends of heads written in this second, by what they say of the connection. */
const tails: Map<string, string> = new Map();

/** A head up to the number of its length. */
interface Beginning {
  readonly status: number;
  readonly fields: readonly string[];
  readonly hasLength: boolean;
  /** Whether the app says a date of its own. */
  readonly hasDate: boolean;
  readonly text: string;
}

/** The one that was written last: an app that answers one thing often writes the same one again. */
let last: Beginning = { status: 0, fields: [], hasLength: false, hasDate: false, text: '' };

/**
 * A head as it goes over the wire, each character a byte (RFC 9112 §2.1).
 *
 * @param connectionLines what it says of the connection: field lines, each with its CRLF
 */
export function formatHeadText(head: ResponseHead, connectionLines: string): string {
  if (head.option !== undefined) return formatHead(head, connectionLines === CLOSE ? CLOSE_OR_UPGRADE : UPGRADE);
  return formatHead(head, connectionLines);
}

function formatHead(head: ResponseHead, connectionLines: string): string {
  const { bodyBytes } = head;
  const { text, hasDate } = beginningOf(head);
  const tail = hasDate ? connectionLines + CRLF : (tails.get(connectionLines) ?? addTail(connectionLines));
  return bodyBytes === undefined ? text + tail : text + bodyBytes + CRLF + tail;
}

function beginningOf({ status, fields, bodyBytes }: ResponseHead): Beginning {
  const hasLength = bodyBytes !== undefined;
  if (status === last.status && hasLength === last.hasLength && isSame(fields, last.fields)) return last;
  let text = STATUS_LINES.get(status) ?? addStatusLine(status);
  for (let index = 0; index < fields.length; index += 2) text += `${fields[index]}: ${fields[index + 1]}\r\n`;
  if (hasLength) text += 'content-length: ';
  last = { status, fields: [...fields], hasLength, hasDate: holdsName(fields, 'date'), text };
  return last;
}

function holdsName(fields: readonly string[], name: string): boolean {
  for (let index = 0; index < fields.length; index += 2) if (fields[index] === name) return true;
  return false;
}

function isSame(some: readonly string[], other: readonly string[]): boolean {
  if (some.length !== other.length) return false;
  for (let index = 0; index < some.length; index++) if (some[index] !== other[index]) return false;
  return true;
}

function addStatusLine(status: number): string {
  const line = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
  STATUS_LINES.set(status, line);
  return line;
}

/** What a status line calls a status. Node has older names for some errors. */
export function reasonOf(status: number): string {
  return status < 400 ? (nodeHttp.STATUS_CODES[status] ?? 'Unknown') : statusTitle(status);
}

/** The date of now (RFC 9110 §6.6.1) is written once a second. */
function addTail(connectionLines: string): string {
  const now = Date.now();
  if (tails.size === 0) setTimeout(() => tails.clear(), 1_000 - (now % 1_000)).unref();
  const tail = [`Date: ${new Date(now).toUTCString()}\r\n`, connectionLines, '\r\n'].join('');
  tails.set(connectionLines, tail);
  return tail;
}
