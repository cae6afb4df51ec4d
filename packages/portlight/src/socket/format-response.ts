import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from '../response/http-response.ts';
import { isStream } from '../response/body-stream.ts';
import { replaceBody } from '../response/replace-body.ts';
import { formatHead } from './response-head.ts';

/** A response as the bytes of a connection's last message. A stream has no place in it: what it held is left out. */
export function formatLastResponse(response: HttpResponse): Buffer {
  if (isStream(response.body)) replaceBody(response, null);
  const { status, fields } = formatHead(response);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (let index = 0; index < fields.length; index += 2) lines.push(`${fields[index]}: ${fields[index + 1]}`);
  lines.push(`date: ${new Date().toUTCString()}`, 'connection: close', '', '');
  const { body } = response;
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), Buffer.from((body ?? '') as string)]);
}
