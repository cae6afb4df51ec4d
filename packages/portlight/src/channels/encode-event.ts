import { DEFAULTS } from '../defaults.ts';
import { ChannelError } from '../errors/channel-error.ts';
import { encodeJson } from '../response/encode-body.ts';

/** One event of a stream (WHATWG HTML §9.2). */
export interface ServerSentEvent {
  /** Its type; without it, `message`. */
  readonly event?: string | undefined;
  /** A string as it is, anything else as JSON. */
  readonly data?: unknown;
  /**
   * What the client says in `Last-Event-ID` when it comes back: at most 256 characters of printable ASCII, with no
   * space at either end. An empty one makes it forget the last.
   */
  readonly id?: string | undefined;
  /** After how many ms the client comes back. */
  readonly retry?: number | undefined;
  /** A line that clients pass over. */
  readonly comment?: string | undefined;
}

const LINE_END = /\r\n|\r|\n/;
const FORBIDDEN = /[\r\n\0]/;
const FIELDS: ReadonlySet<string> = new Set(['event', 'data', 'id', 'retry', 'comment']);

/** What a header field carries as it is, and `Last-Event-ID` brings back. */
const ID = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

/**
 * @throws {ChannelError} on a line end or NUL in `event`, an `id` that could not come back, a `retry` that is no whole
 *   number, or an unknown field
 */
export function encodeEvent(event: ServerSentEvent): string {
  if (typeof event !== 'object' || event === null)
    throw new ChannelError(`An event is an object such as { data: 'text' }, not ${String(event)}.`);
  const unknown = Object.keys(event).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) throw new ChannelError(`An event has no field ${JSON.stringify(unknown)}.`);
  const { event: type, data, id, retry, comment } = event;
  let text = '';
  if (comment !== undefined) for (const line of String(comment).split(LINE_END)) text += `: ${line}\n`;
  if (type !== undefined) text += `event: ${assertType(type)}\n`;
  if (id !== undefined) text += `id: ${assertId(id)}\n`;
  if (retry !== undefined) text += `retry: ${assertRetry(retry)}\n`;
  if (data !== undefined)
    for (const line of (typeof data === 'string' ? data : encodeJson(data)).split(LINE_END)) text += `data: ${line}\n`;
  return text === '' ? '' : `${text}\n`;
}

function assertType(value: unknown): string {
  if (typeof value === 'string' && !FORBIDDEN.test(value)) return value;
  throw new ChannelError('The field event of an event is a string without line ends and NUL.');
}

/** Whether the client may send it back, and would be believed. */
export function isEventId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= DEFAULTS.maxEventIdLength && ID.test(value);
}

function assertId(value: unknown): string {
  if (isEventId(value)) return value;
  throw new ChannelError(
    `The field id of an event is at most ${DEFAULTS.maxEventIdLength} characters of printable ASCII without a space at either end: a client could not send another one back.`,
  );
}

function assertRetry(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ChannelError(`The field retry of an event is a whole number of milliseconds, not ${String(value)}.`);
}
