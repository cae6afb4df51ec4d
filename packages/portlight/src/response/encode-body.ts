import { ReplyError } from '../errors/reply-error.ts';
import { isBodyStream, type ResponseBody } from './body-stream.ts';

/** A reply's body, ready to be sent, with the type it has unless the app names another. */
export interface EncodedBody {
  readonly body: ResponseBody;
  readonly contentType: string | undefined;
  /** The length of a stream that has a known one. */
  readonly lengthBytes?: number;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';
const BYTES = 'application/octet-stream';

/** Text that has a type already. */
export class EncodedText implements EncodedBody {
  readonly body: string;
  readonly contentType: string;

  constructor(body: string, contentType: string) {
    this.body = body;
    this.contentType = contentType;
  }
}

/** Text is never sniffed and never HTML by itself. `null` and `undefined` are no body here: what they mean as replies, `toResponse` knows. */
export function encodeBody(value: unknown): EncodedBody {
  if (typeof value === 'string') return { body: value, contentType: TEXT };
  if (value === null || value === undefined) return { body: null, contentType: undefined };
  if (typeof value !== 'object') return { body: encodeJson(value), contentType: JSON_TYPE };
  if (value instanceof EncodedText) return value;
  if (value instanceof Uint8Array) return { body: value, contentType: BYTES };
  if (value instanceof ArrayBuffer) return { body: new Uint8Array(value), contentType: BYTES };
  if (value instanceof Blob) return { body: value.stream() as ReadableStream<Uint8Array>, contentType: value.type || BYTES, lengthBytes: value.size };
  if (isBodyStream(value)) return { body: value, contentType: BYTES };
  return { body: encodeJson(value), contentType: JSON_TYPE };
}

/** @throws {ReplyError} when the value has no JSON form: a function, a bigint, a cycle */
export function encodeJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new ReplyError(`The reply cannot be written as JSON: ${(cause as Error).message}`, 'ERR_PORTLIGHT_INVALID_REPLY', cause);
  }
  if (text === undefined) throw new ReplyError(`A ${typeof value} is no reply: it has no JSON form.`);
  return text;
}
