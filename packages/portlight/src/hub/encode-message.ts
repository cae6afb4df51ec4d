import type { BusMessage } from '../backplane/bus.ts';
import { DEFAULTS } from '../defaults.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { encodeJson } from '../response/encode-body.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import type { PublishOptions } from '../server-view.ts';
import type { InnerTopic } from './inner-topic.ts';
import { parseTopic } from './parse-topic.ts';

const OPTIONS: ReadonlySet<string> = new Set(['event', 'id', 'except', 'user', 'ttlMs']);

/**
 * A publication as it goes over the bus. What it holds is a copy: the publisher may go on with its value.
 *
 * @throws {BadRequestError} `ERR_PORTLIGHT_INVALID_TOPIC`
 * @throws {ReplyError} `ERR_PORTLIGHT_INVALID_PUBLICATION`
 */
export function encodeMessage(topic: string | InnerTopic, data: unknown, options: PublishOptions = {}): BusMessage {
  assertOptions(options);
  const { event, except, user, id, ttlMs } = options;
  assertEvent(event);
  assertId(id);
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 1))
    throw invalid(`The option ttlMs of publish is a whole number of ms from 1, not ${String(ttlMs)}.`);
  for (const name of ['user', 'except'] as const) {
    // A name that was not found must not make of a letter a public notice.
    if (name in options && typeof options[name] !== 'string')
      throw invalid(`The option ${name} was given, but is no string. To reach everybody, leave it out.`);
  }
  return { topic: parseTopic(topic), ...encodePayload(data), event, except, user };
}

function encodePayload(data: unknown): Pick<BusMessage, 'form' | 'payload'> {
  if (typeof data === 'string') return { form: 'text', payload: data };
  // Not by Buffer, whose pool would be kept along with a few bytes.
  if (data instanceof Uint8Array || data instanceof ArrayBuffer)
    return { form: 'bytes', payload: new Uint8Array(data).slice() };
  const json = encodeData(data, 'What is published');
  // What becomes a string, such as a Date, is text, and leaves without quotes.
  return json.startsWith('"') ? { form: 'text', payload: JSON.parse(json) as string } : { form: 'json', payload: json };
}

/**
 * @throws {ReplyError} `ERR_PORTLIGHT_INVALID_PUBLICATION`, when there is no JSON for it: a function, a bigint, a
 *   cycle, a promise
 */
export function encodeData(data: unknown, subject: string): string {
  if (isPromiseLike(data)) throw invalid(`${subject} is a promise: an await is missing.`);
  return encodeJson(data, subject, 'ERR_PORTLIGHT_INVALID_PUBLICATION');
}

function assertOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw invalid(`publish takes options such as { event: 'news' }, not ${String(options)}.`);
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw invalid(`publish has no option ${JSON.stringify(unknown)}.`);
}

/** Whether a text may name an event of an event stream. */
export function isEventName(text: string): boolean {
  return text !== '' && !/[\r\n\0]/.test(text);
}

function assertEvent(event: unknown): void {
  if (event === undefined) return;
  if (typeof event !== 'string' || !isEventName(event))
    throw invalid('An event is named by a string that is not empty and has no line break and no NUL.');
}

function assertId(id: unknown): void {
  if (id === undefined || (typeof id === 'string' && id !== '' && id.length <= DEFAULTS.maxTopicLength)) return;
  throw invalid(`The id of a publication is a string of 1 to ${DEFAULTS.maxTopicLength} characters.`);
}

function invalid(message: string, cause?: unknown): ReplyError {
  return new ReplyError(message, 'ERR_PORTLIGHT_INVALID_PUBLICATION', cause);
}
