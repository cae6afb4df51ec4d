import { ChannelError } from '../errors/channel-error.ts';
import { encodeJson } from '../response/encode-body.ts';

/** One event of a stream (WHATWG HTML §9.2). */
export interface ServerSentEvent {
  /** Its type; without it, `message`. */
  readonly event?: string | undefined;
  /** A string as it is, anything else as JSON. */
  readonly data?: unknown;
  /** What the client says in `Last-Event-ID` when it comes back. */
  readonly id?: string | undefined;
  /** After how many ms the client comes back. */
  readonly retry?: number | undefined;
  /** A line that clients pass over. */
  readonly comment?: string | undefined;
}

const LINE_END = /\r\n|\r|\n/;
const FORBIDDEN = /[\r\n\0]/;
const FIELDS: ReadonlySet<string> = new Set(['event', 'data', 'id', 'retry', 'comment']);

/** @throws {ChannelError} on a line end or NUL in `event` or `id`, a `retry` that is no whole number, or an unknown field */
export function encodeEvent(event: ServerSentEvent): string {
  if (typeof event !== 'object' || event === null) throw new ChannelError(`An event is an object such as { data: 'text' }, not ${String(event)}.`);
  const unknown = Object.keys(event).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) throw new ChannelError(`An event has no field ${JSON.stringify(unknown)}.`);
  const { event: type, data, id, retry, comment } = event;
  let text = '';
  if (comment !== undefined) for (const line of String(comment).split(LINE_END)) text += `: ${line}\n`;
  if (type !== undefined) text += `event: ${assertLine('event', type)}\n`;
  if (id !== undefined) text += `id: ${assertLine('id', id)}\n`;
  if (retry !== undefined) text += `retry: ${assertRetry(retry)}\n`;
  if (data !== undefined) for (const line of (typeof data === 'string' ? data : encodeJson(data)).split(LINE_END)) text += `data: ${line}\n`;
  return text === '' ? '' : `${text}\n`;
}

function assertLine(name: string, value: unknown): string {
  if (typeof value === 'string' && !FORBIDDEN.test(value)) return value;
  throw new ChannelError(`The field ${name} of an event is a string without line ends and NUL.`);
}

function assertRetry(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ChannelError(`The field retry of an event is a whole number of milliseconds, not ${String(value)}.`);
}
