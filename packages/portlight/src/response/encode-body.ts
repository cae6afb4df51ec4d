import { ReplyError } from '../errors/reply-error.ts';
import { isBodyStream } from './body-stream.ts';
import type { FileBody } from './file-body.ts';
import { StreamedBody } from './streamed-body.ts';

/** What a response holds in the end: text, bytes, a source of chunks, a file that is yet to be found, or nothing. */
export type HeldBody = string | Uint8Array | StreamedBody | FileBody | null;

/** A reply's body, ready to be sent, with the type it has unless the app names another. */
export interface EncodedBody {
  readonly body: HeldBody;
  readonly contentType: string | undefined;
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
  if (value instanceof Uint8Array) return { body: assertAttached(value), contentType: BYTES };
  if (value instanceof ArrayBuffer) return { body: toBytes(value), contentType: BYTES };
  if (value instanceof Blob) return { body: streamOf(value), contentType: value.type || BYTES };
  if (isBodyStream(value)) return { body: new StreamedBody(value), contentType: BYTES };
  return { body: encodeJson(value), contentType: JSON_TYPE };
}

/**
 * A body that is put in the place of another, as it is.
 *
 * @throws {ReplyError} on what would have to be encoded first
 */
export function toBody(value: unknown): HeldBody {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return assertAttached(value);
  if (value instanceof ArrayBuffer) return toBytes(value);
  if (value instanceof Blob) return streamOf(value);
  if (typeof value === 'object' && isBodyStream(value)) return new StreamedBody(value);
  throw new ReplyError(`The body of a response is a string, bytes, a stream or null, not of type ${typeof value}; HttpResponse.json encodes a value.`);
}

function streamOf(blob: Blob): StreamedBody {
  return new StreamedBody(blob.stream() as ReadableStream<Uint8Array>, blob.size);
}

function toBytes(buffer: ArrayBuffer): Uint8Array {
  if (isDetached(buffer)) throw detached();
  return new Uint8Array(buffer);
}

/** @throws {ReplyError} when the memory of the bytes was given away, to a worker for example */
export function assertAttached(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === 0 && isDetached(bytes.buffer)) throw detached();
  return bytes;
}

function detached(): ReplyError {
  return new ReplyError('The bytes of the reply are no longer there: their buffer was transferred.');
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer, 0, 0).byteLength > 0;
  } catch {
    return true;
  }
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
