import { STATUS_CODES } from 'node:http';
import type { ResponseHead } from './response-head.ts';

const STATUS_LINES: Map<number, string> = new Map();
/** The ends of heads written in this second, by what they say of the connection. */
const tails: Map<string, string> = new Map();

/**
 * A head as it goes over the wire, each character a byte (RFC 9112 §2.1).
 *
 * @param connectionLines what it says of the connection: field lines, each with its CRLF
 */
export function formatHeadText({ status, fields, bodyBytes }: ResponseHead, connectionLines: string): string {
  let text = STATUS_LINES.get(status) ?? addStatusLine(status);
  for (let index = 0; index < fields.length; index += 2) text += `${fields[index]}: ${fields[index + 1]}\r\n`;
  if (bodyBytes !== undefined) text += `content-length: ${bodyBytes}\r\n`;
  return text + (tails.get(connectionLines) ?? addTail(connectionLines));
}

function addStatusLine(status: number): string {
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  STATUS_LINES.set(status, line);
  return line;
}

/** The date of now (RFC 9110 §6.6.1) is written once a second. */
function addTail(connectionLines: string): string {
  const now = Date.now();
  if (tails.size === 0) setTimeout(() => tails.clear(), 1_000 - (now % 1_000)).unref();
  const tail = [`date: ${new Date(now).toUTCString()}\r\n`, connectionLines, '\r\n'].join('');
  tails.set(connectionLines, tail);
  return tail;
}
