import { STATUS_CODES } from 'node:http';
import type { ResponseHead } from './response-head.ts';

const STATUS_LINES: Map<number, string> = new Map();
let second = 0;
let dateLine = '';

/** A head as it goes over the wire, each character a byte (RFC 9112 §2.1). @param lines further field lines, each with its CRLF */
export function formatHeadText({ status, fields }: ResponseHead, lines: string): string {
  let text = statusLine(status);
  for (let index = 0; index < fields.length; index += 2) text += `${fields[index]}: ${fields[index + 1]}\r\n`;
  return `${text}${currentDateLine()}${lines}\r\n`;
}

function statusLine(status: number): string {
  let line = STATUS_LINES.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
    STATUS_LINES.set(status, line);
  }
  return line;
}

/** The date of now (RFC 9110 §6.6.1), written once a second. */
function currentDateLine(): string {
  const now = Date.now();
  if (now >= second && now < second + 1_000) return dateLine;
  second = now - (now % 1_000);
  dateLine = `date: ${new Date(now).toUTCString()}\r\n`;
  return dateLine;
}
